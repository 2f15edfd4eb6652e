-- A labelled giant, an inferred parameter with its stated standard deviation, and an error of its inputs: that of G - W2 in mag or
-- that of the parallax relative to the parallax; Lucey et al. 2020, section 5.1.
with giants as (
    select
        evaluation.*,
        stats.hypot(quality.phot_g_mean_mag_error, allwise.w2mpro_error) as colour_error,
        scores.parallax_error / nullif(greatest(scores.parallax - scores.parallax_zero_point, 0), 0)
            as parallax_error_ratio
    from red_clump.evaluation as evaluation
    inner join red_clump.scores as scores using (survey, source_id)
    left join quality.gaia_dr2 as quality on evaluation.survey = 'gaia_dr2' and evaluation.source_id = quality.source_id
    left join match.allwise as to_allwise
        on evaluation.survey = 'gaia_dr2' and evaluation.source_id = to_allwise.source_id
    left join staging.allwise as allwise on to_allwise.designation = allwise.designation
),

parameters as (
    select
        survey,
        source_id,
        teff_k,
        logg,
        unnest(
            [
                { 'parameter': 'teff_k', 'sigma': teff_k_error },
                { 'parameter': 'logg', 'sigma': logg_error },
                { 'parameter': 'delta_nu_uhz', 'sigma': delta_nu_uhz_error },
                { 'parameter': 'delta_p_s', 'sigma': delta_p_s_error },
                { 'parameter': 'joint_teff_k', 'sigma': joint_teff_k_error },
                { 'parameter': 'joint_logg', 'sigma': joint_logg_error },
                { 'parameter': 'joint_delta_nu_uhz', 'sigma': joint_delta_nu_uhz_error },
                { 'parameter': 'joint_delta_p_s', 'sigma': joint_delta_p_s_error }
            ]
        ) as stated,
        [
            { 'input': 'G-W2', 'input_error': colour_error },
            { 'input': 'parallax', 'input_error': parallax_error_ratio }
        ] as errors
    from giants
),

pairs as (
    select
        survey,
        source_id,
        teff_k,
        logg,
        stated,
        unnest(errors) as given
    from parameters
)

select
    survey,
    source_id,
    teff_k,
    logg,
    stated.parameter,
    stated.sigma,
    given.input,
    given.input_error
from pairs
where stated.sigma is not null and given.input_error > 0
