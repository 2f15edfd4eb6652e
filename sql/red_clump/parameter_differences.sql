-- A labelled giant, an inferred parameter and a reference for it: reference minus inferred as in Lucey et al. 2020, section 3.2,
-- and the standard deviation stated for it. Vrard+2016 measured their stars
-- directly; they are found in any wide table of Kepler stars by KIC (a survey called kepler_…).
with vrard as (
    select
        kic,
        delta_nu_uhz as delta_nu_vrard_uhz,
        delta_p_s as delta_p_vrard_s
    from staging.vrard2016
),

pairs as (
    select
        unnest(
            [
                {
                    'parameter': 'teff_k',
                    'reference': 'label',
                    'difference': teff_label_k - teff_k,
                    'inferred': teff_k,
                    'sigma': teff_k_error
                },
                {
                    'parameter': 'teff_k',
                    'reference': 'truth',
                    'difference': teff_true_k - teff_k,
                    'inferred': teff_k,
                    'sigma': teff_k_error
                },
                {
                    'parameter': 'joint_teff_k',
                    'reference': 'label',
                    'difference': teff_label_k - joint_teff_k,
                    'inferred': joint_teff_k,
                    'sigma': joint_teff_k_error
                },
                {
                    'parameter': 'joint_teff_k',
                    'reference': 'truth',
                    'difference': teff_true_k - joint_teff_k,
                    'inferred': joint_teff_k,
                    'sigma': joint_teff_k_error
                },
                {
                    'parameter': 'logg',
                    'reference': 'label',
                    'difference': logg_label - logg,
                    'inferred': logg,
                    'sigma': logg_error
                },
                {
                    'parameter': 'logg',
                    'reference': 'truth',
                    'difference': logg_true - logg,
                    'inferred': logg,
                    'sigma': logg_error
                },
                {
                    'parameter': 'joint_logg',
                    'reference': 'label',
                    'difference': logg_label - joint_logg,
                    'inferred': joint_logg,
                    'sigma': joint_logg_error
                },
                {
                    'parameter': 'joint_logg',
                    'reference': 'truth',
                    'difference': logg_true - joint_logg,
                    'inferred': joint_logg,
                    'sigma': joint_logg_error
                },
                {
                    'parameter': 'delta_nu_uhz',
                    'reference': 'label',
                    'difference': delta_nu_label_uhz - delta_nu_uhz,
                    'inferred': delta_nu_uhz,
                    'sigma': delta_nu_uhz_error
                },
                {
                    'parameter': 'delta_nu_uhz',
                    'reference': 'truth',
                    'difference': delta_nu_true_uhz - delta_nu_uhz,
                    'inferred': delta_nu_uhz,
                    'sigma': delta_nu_uhz_error
                },
                {
                    'parameter': 'joint_delta_nu_uhz',
                    'reference': 'label',
                    'difference': delta_nu_label_uhz - joint_delta_nu_uhz,
                    'inferred': joint_delta_nu_uhz,
                    'sigma': joint_delta_nu_uhz_error
                },
                {
                    'parameter': 'joint_delta_nu_uhz',
                    'reference': 'truth',
                    'difference': delta_nu_true_uhz - joint_delta_nu_uhz,
                    'inferred': joint_delta_nu_uhz,
                    'sigma': joint_delta_nu_uhz_error
                },
                {
                    'parameter': 'delta_p_s',
                    'reference': 'label',
                    'difference': delta_p_label_s - delta_p_s,
                    'inferred': delta_p_s,
                    'sigma': delta_p_s_error
                },
                {
                    'parameter': 'delta_p_s',
                    'reference': 'truth',
                    'difference': delta_p_true_s - delta_p_s,
                    'inferred': delta_p_s,
                    'sigma': delta_p_s_error
                },
                {
                    'parameter': 'joint_delta_p_s',
                    'reference': 'label',
                    'difference': delta_p_label_s - joint_delta_p_s,
                    'inferred': joint_delta_p_s,
                    'sigma': joint_delta_p_s_error
                },
                {
                    'parameter': 'joint_delta_p_s',
                    'reference': 'truth',
                    'difference': delta_p_true_s - joint_delta_p_s,
                    'inferred': joint_delta_p_s,
                    'sigma': joint_delta_p_s_error
                },
                {
                    'parameter': 'delta_nu_uhz',
                    'reference': 'Vrard+2016',
                    'difference': delta_nu_vrard_uhz - delta_nu_uhz,
                    'inferred': delta_nu_uhz,
                    'sigma': delta_nu_uhz_error
                },
                {
                    'parameter': 'joint_delta_nu_uhz',
                    'reference': 'Vrard+2016',
                    'difference': delta_nu_vrard_uhz - joint_delta_nu_uhz,
                    'inferred': joint_delta_nu_uhz,
                    'sigma': joint_delta_nu_uhz_error
                },
                {
                    'parameter': 'delta_p_s',
                    'reference': 'Vrard+2016',
                    'difference': delta_p_vrard_s - delta_p_s,
                    'inferred': delta_p_s,
                    'sigma': delta_p_s_error
                },
                {
                    'parameter': 'joint_delta_p_s',
                    'reference': 'Vrard+2016',
                    'difference': delta_p_vrard_s - joint_delta_p_s,
                    'inferred': joint_delta_p_s,
                    'sigma': joint_delta_p_s_error
                }
            ],
            recursive := true
        )
    from red_clump.evaluation as evaluation
    left join vrard
        on starts_with(evaluation.survey, 'kepler_') and evaluation.source_id = vrard.kic
)

select *
from pairs
where difference is not null
