-- A band: the median derivatives of DeltaP, Teff and log g by its magnitude where the red clump is, how strongly DeltaP follows it
-- beside Teff and log g, and the change of magnitude that a change in [C/N] should make; Lucey et al. 2020, figure 11.
with medians as (
    select
        gradients.input,
        count(*) as n,
        median(gradients.d_delta_p_s) as d_delta_p_s,
        median(gradients.d_joint_delta_p_s) as d_joint_delta_p_s,
        median(gradients.d_teff_k) as d_teff_k,
        median(gradients.d_logg) as d_logg
    from red_clump.gradients as gradients
    inner join red_clump.evaluation as evaluation using (survey, source_id)
    where
        evaluation.teff_k between cuts.gradient_min_teff() and cuts.gradient_max_teff()
        and evaluation.logg between cuts.gradient_min_logg() and cuts.gradient_max_logg()
    group by gradients.input
)

select
    bands.band,
    bands.wavelength_um,
    medians.n,
    medians.d_delta_p_s,
    medians.d_joint_delta_p_s,
    medians.d_teff_k,
    medians.d_logg,
    expected.change_mag,
    abs(medians.d_delta_p_s / nullif(medians.d_teff_k, 0)) as strength_by_teff,
    abs(medians.d_delta_p_s / nullif(medians.d_logg, 0)) as strength_by_logg,
    abs(medians.d_delta_p_s / nullif(medians.d_teff_k * medians.d_logg, 0)) as strength
from medians
inner join photometric.bands as bands on medians.input = bands.magnitude_column
left join red_clump.expected_changes as expected on bands.band = expected.band
order by bands.wavelength_um
