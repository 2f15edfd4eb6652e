-- A spectrum with its labels and photometry, whichever table it comes from, and the masses that its own table or
-- `mass_labels` gives; parallaxes stand above their zero-point.
with apogee as (
    select
        'apogee_dr17:' || apstar_id as spectrum_id,
        'apogee_dr17' as survey,
        apogee_id as star_id,
        apogee_id,
        apstar_id,
        ra,
        "dec",
        teff as teff_k,
        teff_err as teff_k_error,
        logg,
        logg_err as logg_error,
        m_h,
        m_h_err as m_h_error,
        alpha_m,
        c_fe,
        c_fe_err as c_fe_error,
        n_fe,
        n_fe_err as n_fe_error,
        j,
        h,
        k,
        k_err,
        irac_4_5,
        wise_4_5,
        sfd_ebv,
        gaiaedr3_parallax - cuts.distmass_edr3_parallax_zero_point() as true_parallax,
        gaiaedr3_parallax_error as parallax_error,
        gaiaedr3_r_med_geo / 1000 as catalog_distance_kpc,
        (gaiaedr3_r_hi_geo - gaiaedr3_r_lo_geo) / 2000 as catalog_distance_kpc_error,
        nullif(member, '') as member,
        aspcapflag & cuts.distmass_star_bad()::bigint <> 0 as is_star_bad
    from staging.apogee_dr17
),

kepler as (
    select
        'kepler_apogee:' || star_id as spectrum_id,
        'kepler_apogee' as survey,
        * exclude (_healpix_29, epoch_yr)
    from staging.kepler_apogee
),

labels as (
    select
        'cn_labels:' || star_id as spectrum_id,
        'cn_labels' as survey,
        * exclude (_healpix_29, epoch_yr)
    from staging.cn_labels
),

others as (
    select * from kepler
    union all by name
    select * from labels
),

everything as (
    select * from apogee
    union all by name
    select
        spectrum_id,
        survey,
        star_id,
        apogee_id,
        member,
        ra,
        "dec",
        teff as teff_k,
        teff_err as teff_k_error,
        logg,
        logg_err as logg_error,
        m_h,
        m_h_err as m_h_error,
        alpha_m,
        c_fe,
        c_fe_err as c_fe_error,
        n_fe,
        n_fe_err as n_fe_error,
        j,
        h,
        k,
        k_err,
        irac_4_5,
        wise_4_5,
        sfd_ebv,
        parallax - coalesce(parallax_zero_point, 0) as true_parallax,
        parallax_error,
        evolutionary_state,
        mass_apokasc2 as mass_apokasc2_label,
        mass_apokasc3 as mass_apokasc3_label,
        mass_apokasc2_err as mass_apokasc2_label_error,
        mass_apokasc3_err as mass_apokasc3_label_error,
        mass_subgiant as mass_subgiant_label,
        mass_isochrone as mass_isochrone_label,
        mass_subgiant_err as mass_subgiant_label_error,
        mass_isochrone_err as mass_isochrone_label_error
    from others
),

masses as (
    select
        apogee_id,
        any_value(evolutionary_state) as evolutionary_state,
        any_value(mass_apokasc2) as mass_apokasc2,
        any_value(mass_apokasc3) as mass_apokasc3,
        any_value(mass_subgiant) as mass_subgiant,
        any_value(mass_isochrone) as mass_isochrone,
        any_value(mass_apokasc2_err) as mass_apokasc2_err,
        any_value(mass_apokasc3_err) as mass_apokasc3_err,
        any_value(mass_subgiant_err) as mass_subgiant_err,
        any_value(mass_isochrone_err) as mass_isochrone_err
    from staging.mass_labels
    group by apogee_id
)

select
    everything.* replace (
        coalesce(everything.evolutionary_state, masses.evolutionary_state) as evolutionary_state,
        coalesce(everything.mass_apokasc2_label, masses.mass_apokasc2) as mass_apokasc2_label,
        coalesce(everything.mass_apokasc3_label, masses.mass_apokasc3) as mass_apokasc3_label,
        coalesce(everything.mass_subgiant_label, masses.mass_subgiant) as mass_subgiant_label,
        coalesce(everything.mass_isochrone_label, masses.mass_isochrone) as mass_isochrone_label,
        coalesce(everything.mass_apokasc2_label_error, masses.mass_apokasc2_err) as mass_apokasc2_label_error,
        coalesce(everything.mass_apokasc3_label_error, masses.mass_apokasc3_err) as mass_apokasc3_label_error,
        coalesce(everything.mass_subgiant_label_error, masses.mass_subgiant_err) as mass_subgiant_label_error,
        coalesce(everything.mass_isochrone_label_error, masses.mass_isochrone_err) as mass_isochrone_label_error
    )
from everything
left join masses using (apogee_id)
