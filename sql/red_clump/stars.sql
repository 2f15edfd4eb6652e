-- A star that may be red clump: of a Gaia release with its neighbours in the other surveys, or of a wide table. Where a wide table
-- has BP - RP alone, BP and RP are those of a giant of its G and BP - RP; its l and b count where it has no ra and dec.
with twomass_neighbours as (
    select
        twomass.*,
        neighbours.survey,
        neighbours.source_id
    from match.twomass as neighbours
    inner join quality.twomass as twomass using (designation)
),

allwise_neighbours as (
    select
        allwise.*,
        neighbours.survey,
        neighbours.source_id
    from match.allwise as neighbours
    inner join quality.allwise as allwise using (designation)
),

panstarrs1_neighbours as (
    select
        panstarrs1.*,
        neighbours.survey,
        neighbours.source_id
    from match.panstarrs1 as neighbours
    inner join staging.panstarrs1 as panstarrs1 using (obj_id)
),

gaia_stars as (
    select
        gaia.survey,
        gaia.source_id,
        gaia.ra,
        gaia.dec,
        coalesce(gaia.l, sphere.galactic_longitude(gaia.ra, gaia.dec)) as l,
        coalesce(gaia.b, sphere.galactic_latitude(gaia.ra, gaia.dec)) as b,
        gaia.parallax,
        gaia.parallax_error,
        gaia.parallax_zero_point,
        gaia.gaia_passband,
        gaia.ruwe,
        gaia.phot_bp_rp_excess_factor,
        gaia.phot_g_mean_mag,
        gaia.phot_bp_mean_mag,
        gaia.phot_rp_mean_mag,
        panstarrs1.g_mean_psf_mag,
        panstarrs1.r_mean_psf_mag,
        panstarrs1.i_mean_psf_mag,
        panstarrs1.z_mean_psf_mag,
        panstarrs1.y_mean_psf_mag,
        twomass.j_m,
        twomass.h_m,
        twomass.ks_m,
        allwise.w1mpro,
        allwise.w2mpro,
        twomass.j_msigcom as j_m_error,
        twomass.h_msigcom as h_m_error,
        twomass.ks_msigcom as ks_m_error,
        allwise.w1mpro_error,
        allwise.w2mpro_error,
        gaia.g_error_ratio,
        gaia.passes_excess_factor,
        gaia.passes_ruwe,
        gaia.passes_saturation,
        coalesce(twomass.passes_twomass, false) as passes_twomass,
        coalesce(allwise.passes_allwise, false) as passes_allwise,
        panstarrs1.obj_id is not null as has_panstarrs1,
        twomass.passes_j,
        twomass.passes_h,
        twomass.passes_ks,
        allwise.passes_w1,
        allwise.passes_w2
    from quality.gaia as gaia
    left join twomass_neighbours as twomass on gaia.survey = twomass.survey and gaia.source_id = twomass.source_id
    left join allwise_neighbours as allwise on gaia.survey = allwise.survey and gaia.source_id = allwise.source_id
    left join
        panstarrs1_neighbours as panstarrs1
        on gaia.survey = panstarrs1.survey and gaia.source_id = panstarrs1.source_id
),

wide_stars as (
    select
        source_id,
        ra,
        "dec",
        coalesce(sphere.galactic_longitude(ra, "dec"), l) as l,
        coalesce(sphere.galactic_latitude(ra, "dec"), b) as b,
        parallax,
        parallax_error,
        coalesce(parallax_zero_point, 0) as parallax_zero_point,
        gaia_passband,
        phot_g_mean_mag,
        if(
            coalesce(phot_bp_mean_mag, phot_rp_mean_mag) is null and bp_rp is not null,
            phot_g_mean_mag - photometric.giant_g_rp(bp_rp),
            null
        ) as rp_of_colour,
        coalesce(phot_bp_mean_mag, rp_of_colour + bp_rp) as phot_bp_mean_mag,
        coalesce(phot_rp_mean_mag, rp_of_colour) as phot_rp_mean_mag,
        g_mean_psf_mag,
        r_mean_psf_mag,
        i_mean_psf_mag,
        z_mean_psf_mag,
        y_mean_psf_mag,
        j_m,
        h_m,
        ks_m,
        w1mpro,
        w2mpro,
        wide_survey as survey
    from staging.wide_stars
)

select * from gaia_stars
union all by name
select * exclude (rp_of_colour) from wide_stars
