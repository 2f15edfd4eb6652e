-- A star's magnitudes in the networks' systems, with errors, parallax and reddening prior: what photometry.infer reads.
-- The networks learned from Gaia DR2, its passbands and its parallaxes as they are, so other releases are put on that scale; a table
-- without errors of magnitudes gets the floor alone. A band that its survey's flags leave out is missing (section 3.2 of Green et
-- al. 2020); W1 and W2 are unWISE's where that has the star, else AllWISE's.
with panstarrs1_neighbours as (
    select
        panstarrs1.*,
        neighbours.survey,
        neighbours.source_id,
        photometry.is_good_panstarrs1(panstarrs1.quality_flag) as is_good
    from match.panstarrs1 as neighbours
    inner join staging.panstarrs1 as panstarrs1 using (obj_id)
),

twomass_neighbours as (
    select
        twomass.*,
        neighbours.survey,
        neighbours.source_id,
        photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 1) as is_good_j,
        photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 2) as is_good_h,
        photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 3) as is_good_ks
    from match.twomass as neighbours
    inner join staging.twomass as twomass using (designation)
),

allwise_neighbours as (
    select
        allwise.*,
        neighbours.survey,
        neighbours.source_id
    from match.allwise as neighbours
    inner join staging.allwise as allwise using (designation)
),

unwise_neighbours as (
    select
        unwise.*,
        neighbours.survey,
        neighbours.source_id,
        photometry.is_good_unwise(flags_unwise_w1, rchi2_w1, "primary") as is_good_w1,
        photometry.is_good_unwise(flags_unwise_w2, rchi2_w2, "primary") as is_good_w2,
        quality.magnitude_error(flux_w1 / dflux_w1, 0) as w1_error,
        quality.magnitude_error(flux_w2 / dflux_w2, 0) as w2_error
    from match.unwise as neighbours
    inner join staging.unwise as unwise using (unwise_objid)
),

gaia_stars as (
    select
        gaia.survey,
        gaia.source_id,
        gaia.gaia_passband,
        case when photometry.is_often_observed(gaia.phot_g_n_obs) then gaia.phot_g_mean_mag end as g_mag,
        gaia.phot_g_mean_mag_error as g_mag_error,
        case when photometry.is_often_observed(gaia.phot_bp_n_obs) then gaia.phot_bp_mean_mag end as bp_mag,
        gaia.phot_bp_mean_mag_error as bp_mag_error,
        case when photometry.is_often_observed(gaia.phot_rp_n_obs) then gaia.phot_rp_mean_mag end as rp_mag,
        gaia.phot_rp_mean_mag_error as rp_mag_error,
        case when panstarrs1.is_good then panstarrs1.g_mean_psf_mag end as ps1_g_mag,
        panstarrs1.g_mean_psf_mag_error as ps1_g_mag_error,
        case when panstarrs1.is_good then panstarrs1.r_mean_psf_mag end as ps1_r_mag,
        panstarrs1.r_mean_psf_mag_error as ps1_r_mag_error,
        case when panstarrs1.is_good then panstarrs1.i_mean_psf_mag end as ps1_i_mag,
        panstarrs1.i_mean_psf_mag_error as ps1_i_mag_error,
        case when panstarrs1.is_good then panstarrs1.z_mean_psf_mag end as ps1_z_mag,
        panstarrs1.z_mean_psf_mag_error as ps1_z_mag_error,
        case when panstarrs1.is_good then panstarrs1.y_mean_psf_mag end as ps1_y_mag,
        panstarrs1.y_mean_psf_mag_error as ps1_y_mag_error,
        case when twomass.is_good_j then twomass.j_m end as j_mag,
        twomass.j_msigcom as j_mag_error,
        case when twomass.is_good_h then twomass.h_m end as h_mag,
        twomass.h_msigcom as h_mag_error,
        case when twomass.is_good_ks then twomass.ks_m end as ks_mag,
        twomass.ks_msigcom as ks_mag_error,
        case
            when unwise.unwise_objid is null then allwise.w1mpro when unwise.is_good_w1 then unwise.mag_w1_vg
        end as w1_mag,
        case
            when unwise.unwise_objid is null then allwise.w1mpro_error else unwise.w1_error
        end as w1_mag_error,
        case
            when unwise.unwise_objid is null then allwise.w2mpro when unwise.is_good_w2 then unwise.mag_w2_vg
        end as w2_mag,
        case
            when unwise.unwise_objid is null then allwise.w2mpro_error else unwise.w2_error
        end as w2_mag_error,
        gaia.parallax,
        gaia.parallax_error,
        gaia.parallax_zero_point
    from quality.gaia as gaia
    left join
        panstarrs1_neighbours as panstarrs1
        on gaia.survey = panstarrs1.survey and gaia.source_id = panstarrs1.source_id
    left join twomass_neighbours as twomass on gaia.survey = twomass.survey and gaia.source_id = twomass.source_id
    left join allwise_neighbours as allwise on gaia.survey = allwise.survey and gaia.source_id = allwise.source_id
    left join unwise_neighbours as unwise on gaia.survey = unwise.survey and gaia.source_id = unwise.source_id
),

wide_stars as (
    select
        wide_survey as survey,
        source_id,
        gaia_passband,
        phot_g_mean_mag as g_mag,
        phot_bp_mean_mag as bp_mag,
        phot_rp_mean_mag as rp_mag,
        g_mean_psf_mag as ps1_g_mag,
        r_mean_psf_mag as ps1_r_mag,
        i_mean_psf_mag as ps1_i_mag,
        z_mean_psf_mag as ps1_z_mag,
        y_mean_psf_mag as ps1_y_mag,
        j_m as j_mag,
        h_m as h_mag,
        ks_m as ks_mag,
        w1mpro as w1_mag,
        w2mpro as w2_mag,
        parallax,
        parallax_error,
        coalesce(parallax_zero_point, 0) as parallax_zero_point
    from staging.wide_stars
),

surveyed as (
    select
        stars.* replace (
            stars.parallax - stars.parallax_zero_point + cuts.gaia_dr2_parallax_zero_point() as parallax,
            photometric.in_gaia_passband('g', gaia_passband, 'Gaia DR2', g_mag, bp_mag - rp_mag)::real as g_mag,
            photometric.in_gaia_passband('bp', gaia_passband, 'Gaia DR2', bp_mag, bp_mag - rp_mag)::real as bp_mag,
            photometric.in_gaia_passband('rp', gaia_passband, 'Gaia DR2', rp_mag, bp_mag - rp_mag)::real as rp_mag
        ),
        reddening.ebv_prior,
        reddening.ebv_prior_error
    from (
        select * from gaia_stars
        union all by name
        select * from wide_stars
    ) as stars
    left join staging.reddening as reddening
        on stars.source_id = reddening.source_id and coalesce(stars.survey = reddening.survey, true)
)

select
    survey,
    source_id,
    g_mag,
    bp_mag,
    rp_mag,
    ps1_g_mag,
    ps1_r_mag,
    ps1_i_mag,
    ps1_z_mag,
    ps1_y_mag,
    j_mag,
    h_mag,
    ks_mag,
    w1_mag,
    w2_mag,
    photometric.floored_error(coalesce(g_mag_error, 0)) as g_mag_error,
    photometric.floored_error(coalesce(bp_mag_error, 0)) as bp_mag_error,
    photometric.floored_error(coalesce(rp_mag_error, 0)) as rp_mag_error,
    photometric.floored_error(coalesce(ps1_g_mag_error, 0)) as ps1_g_mag_error,
    photometric.floored_error(coalesce(ps1_r_mag_error, 0)) as ps1_r_mag_error,
    photometric.floored_error(coalesce(ps1_i_mag_error, 0)) as ps1_i_mag_error,
    photometric.floored_error(coalesce(ps1_z_mag_error, 0)) as ps1_z_mag_error,
    photometric.floored_error(coalesce(ps1_y_mag_error, 0)) as ps1_y_mag_error,
    photometric.floored_error(coalesce(j_mag_error, 0)) as j_mag_error,
    photometric.floored_error(coalesce(h_mag_error, 0)) as h_mag_error,
    photometric.floored_error(coalesce(ks_mag_error, 0)) as ks_mag_error,
    photometric.floored_error(coalesce(w1_mag_error, 0)) as w1_mag_error,
    photometric.floored_error(coalesce(w2_mag_error, 0)) as w2_mag_error,
    parallax,
    parallax_error,
    ebv_prior,
    ebv_prior_error
from surveyed
union all by name
select
    'green2020' as survey,
    "row" as source_id,
    photometric.in_model_system('g', 'Vega', g_mag) as g_mag,
    g_mag_error,
    photometric.in_model_system('bp', 'Vega', bp_mag) as bp_mag,
    bp_mag_error,
    photometric.in_model_system('rp', 'Vega', rp_mag) as rp_mag,
    rp_mag_error,
    photometric.in_model_system('ps1_g', 'AB', ps1_g_mag) as ps1_g_mag,
    ps1_g_mag_error,
    photometric.in_model_system('ps1_r', 'AB', ps1_r_mag) as ps1_r_mag,
    ps1_r_mag_error,
    photometric.in_model_system('ps1_i', 'AB', ps1_i_mag) as ps1_i_mag,
    ps1_i_mag_error,
    photometric.in_model_system('ps1_z', 'AB', ps1_z_mag) as ps1_z_mag,
    ps1_z_mag_error,
    photometric.in_model_system('ps1_y', 'AB', ps1_y_mag) as ps1_y_mag,
    ps1_y_mag_error,
    photometric.in_model_system('j', 'Vega', j_mag) as j_mag,
    j_mag_error,
    photometric.in_model_system('h', 'Vega', h_mag) as h_mag,
    h_mag_error,
    photometric.in_model_system('ks', 'Vega', ks_mag) as ks_mag,
    ks_mag_error,
    photometric.in_model_system('w1', 'AB', w1_ab_mag) as w1_mag,
    w1_ab_mag_error as w1_mag_error,
    photometric.in_model_system('w2', 'AB', w2_ab_mag) as w2_mag,
    w2_ab_mag_error as w2_mag_error,
    parallax,
    parallax_error,
    reddening as ebv_prior,
    reddening_error as ebv_prior_error
from staging.green2020
