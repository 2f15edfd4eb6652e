-- A spectrum with what each network makes of it: `scores` the ensemble, `state` the same with the evolutionary state where
-- that is known, `paper` the paper's networks; errors of the labels are propagated.
with computed as (
    select
        inputs.*,
        scores,
        scores.log_density >= cuts.distmass_min_log_density() as is_inside,
        scores.log_density_apokasc2 >= cuts.distmass_min_log_density() as is_inside_apokasc2,
        scores.log_density_apokasc3 >= cuts.distmass_min_log_density() as is_inside_apokasc3,
        distmass_state_net(
            inputs.teff_k,
            inputs.logg,
            inputs.m_h,
            inputs.c_fe,
            inputs.n_fe,
            case inputs.evolutionary_state when 'RC' then 1 when 'RGB' then 0 end
        ) as state,
        distmass_paper_net(inputs.teff_k, inputs.logg, inputs.m_h, inputs.c_fe, inputs.n_fe) as paper
    from distmass.inputs as inputs
    inner join distmass.scores as scores using (spectrum_id)
)

select
    * exclude (scores, state, paper),
    scores.log_density,
    scores.log_density_apokasc2,
    scores.log_density_apokasc3,
    case when is_inside then coalesce(state.absolute_k_mag, scores.absolute_k_mag) end as absolute_k_mag,
    sqrt(
        pow(coalesce(state.absolute_k_mag_error, scores.absolute_k_mag_error), 2)
        + distmass.propagated_variance(
            scores.d_absolute_k_mag_d_teff_k,
            scores.d_absolute_k_mag_d_logg,
            scores.d_absolute_k_mag_d_m_h,
            scores.d_absolute_k_mag_d_c_fe,
            scores.d_absolute_k_mag_d_n_fe,
            teff_k_error,
            logg_error,
            m_h_error,
            c_fe_error,
            n_fe_error
        )
    ) as absolute_k_mag_error,
    case when is_inside_apokasc2 then scores.mass_apokasc2_msun end as mass_apokasc2_msun,
    distmass.mass_error_factor(logg) * sqrt(
        pow(scores.mass_apokasc2_msun_error, 2)
        + distmass.propagated_variance(
            scores.d_mass_apokasc2_msun_d_teff_k,
            scores.d_mass_apokasc2_msun_d_logg,
            scores.d_mass_apokasc2_msun_d_m_h,
            scores.d_mass_apokasc2_msun_d_c_fe,
            scores.d_mass_apokasc2_msun_d_n_fe,
            teff_k_error,
            logg_error,
            m_h_error,
            c_fe_error,
            n_fe_error
        )
    ) as mass_apokasc2_msun_error,
    case when is_inside_apokasc3 then scores.mass_apokasc3_msun end as mass_apokasc3_msun,
    distmass.mass_error_factor(logg) * sqrt(
        pow(scores.mass_apokasc3_msun_error, 2)
        + distmass.propagated_variance(
            scores.d_mass_apokasc3_msun_d_teff_k,
            scores.d_mass_apokasc3_msun_d_logg,
            scores.d_mass_apokasc3_msun_d_m_h,
            scores.d_mass_apokasc3_msun_d_c_fe,
            scores.d_mass_apokasc3_msun_d_n_fe,
            teff_k_error,
            logg_error,
            m_h_error,
            c_fe_error,
            n_fe_error
        )
    ) as mass_apokasc3_msun_error,
    case when is_inside then paper.absolute_k_mag end as paper_absolute_k_mag,
    case when is_inside then paper.distance_error_ratio end as paper_distance_error_ratio,
    case when is_inside_apokasc2 then paper.mass_apokasc2_msun end as paper_mass_apokasc2_msun,
    case when is_inside_apokasc3 then paper.mass_apokasc3_msun end as paper_mass_apokasc3_msun
from computed
