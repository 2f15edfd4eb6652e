-- A labelled giant, an inferred parameter (of the paper's networks, joint_… of the joint ones, any_… of the network for any bands, on
-- which the catalogue rests) and a reference for it: reference minus inferred as in Lucey et al. 2020, section 3.2, and the
-- standard deviation stated for it. Vrard+2016 measured their stars
-- directly; they are found in any wide table of Kepler stars by KIC (a survey called kepler_…).
with vrard as (
    select
        kic,
        delta_nu_uhz as delta_nu_vrard_uhz,
        delta_p_s as delta_p_vrard_s
    from staging.vrard2016
),

references_known as (
    select
        *,
        [
            {
                'reference': 'label',
                'teff': teff_label_k,
                'logg': logg_label,
                'nu': delta_nu_label_uhz,
                'p': delta_p_label_s
            },
            {
                'reference': 'truth',
                'teff': teff_true_k,
                'logg': logg_true,
                'nu': delta_nu_true_uhz,
                'p': delta_p_true_s
            },
            { 'reference': 'Vrard+2016', 'teff': null, 'logg': null, 'nu': delta_nu_vrard_uhz, 'p': delta_p_vrard_s }
        ] as known
    from red_clump.evaluation as evaluation
    left join vrard
        on starts_with(evaluation.survey, 'kepler_') and evaluation.source_id = vrard.kic
),

paired as (
    select
        * exclude (known),
        unnest(known) as given
    from references_known
),

pairs as (
    select
        given.reference,
        unnest( -- noqa: AL03
            [
                { 'parameter': 'teff_k', 'known': given.teff, 'inferred': teff_k, 'sigma': teff_k_error },
                {
                    'parameter': 'joint_teff_k',
                    'known': given.teff,
                    'inferred': joint_teff_k,
                    'sigma': joint_teff_k_error
                },
                { 'parameter': 'any_teff_k', 'known': given.teff, 'inferred': any_teff_k, 'sigma': any_teff_k_error },
                { 'parameter': 'logg', 'known': given.logg, 'inferred': logg, 'sigma': logg_error },
                { 'parameter': 'joint_logg', 'known': given.logg, 'inferred': joint_logg, 'sigma': joint_logg_error },
                { 'parameter': 'any_logg', 'known': given.logg, 'inferred': any_logg, 'sigma': any_logg_error },
                {
                    'parameter': 'delta_nu_uhz',
                    'known': given.nu,
                    'inferred': delta_nu_uhz,
                    'sigma': delta_nu_uhz_error
                },
                {
                    'parameter': 'joint_delta_nu_uhz',
                    'known': given.nu,
                    'inferred': joint_delta_nu_uhz,
                    'sigma': joint_delta_nu_uhz_error
                },
                {
                    'parameter': 'any_delta_nu_uhz',
                    'known': given.nu,
                    'inferred': any_delta_nu_uhz,
                    'sigma': any_delta_nu_uhz_error
                },
                { 'parameter': 'delta_p_s', 'known': given.p, 'inferred': delta_p_s, 'sigma': delta_p_s_error },
                {
                    'parameter': 'joint_delta_p_s',
                    'known': given.p,
                    'inferred': joint_delta_p_s,
                    'sigma': joint_delta_p_s_error
                },
                {
                    'parameter': 'any_delta_p_s',
                    'known': given.p,
                    'inferred': any_delta_p_s,
                    'sigma': any_delta_p_s_error
                }
            ],
            recursive := true
        )
    from paired
)

select
    parameter,
    reference,
    inferred,
    sigma,
    known - inferred as difference
from pairs
where difference is not null
