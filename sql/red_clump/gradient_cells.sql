-- A cell of inferred Teff and log g, ten by ten over the middle 98 % of each, and the median derivatives of what the networks infer
-- of the labelled giants there by an input; Lucey et al. 2020, figures 10 and 13.
with evaluation as (
    select * from red_clump.evaluation
),

edges as (
    select
        quantile_cont(teff_k, [0.01, 0.99]) as teff,
        quantile_cont(logg, [0.01, 0.99]) as logg
    from evaluation
),

giants as (
    select
        evaluation.survey,
        evaluation.source_id,
        floor(10 * (evaluation.teff_k - edges.teff[1]) / (edges.teff[2] - edges.teff[1])) as teff_place,
        floor(10 * (evaluation.logg - edges.logg[1]) / (edges.logg[2] - edges.logg[1])) as logg_place,
        edges.teff[1] + teff_place * (edges.teff[2] - edges.teff[1]) / 10 as teff_low_k,
        edges.logg[1] + logg_place * (edges.logg[2] - edges.logg[1]) / 10 as logg_low,
        (edges.teff[2] - edges.teff[1]) / 10 as teff_width_k,
        (edges.logg[2] - edges.logg[1]) / 10 as logg_width
    from evaluation
    cross join edges
    where teff_place between 0 and 9 and logg_place between 0 and 9
)

select
    gradients.input,
    giants.teff_low_k,
    giants.logg_low,
    giants.teff_width_k,
    giants.logg_width,
    count(*) as n,
    median(gradients.d_teff_k) as d_teff_k,
    median(gradients.d_logg) as d_logg,
    median(gradients.d_delta_nu_uhz) as d_delta_nu_uhz,
    median(gradients.d_delta_p_s) as d_delta_p_s,
    median(gradients.d_joint_delta_p_s) as d_joint_delta_p_s,
    median(gradients.d_p_rc) as d_p_rc,
    median(gradients.step_teff_k) as step_teff_k,
    median(gradients.step_logg) as step_logg,
    median(gradients.step_delta_p_s) as step_delta_p_s
from giants
inner join red_clump.gradients as gradients using (survey, source_id)
group by gradients.input, giants.teff_low_k, giants.logg_low, giants.teff_width_k, giants.logg_width
order by gradients.input, giants.teff_low_k, giants.logg_low
