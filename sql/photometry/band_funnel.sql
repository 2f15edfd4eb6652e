-- A survey's band: rows with a magnitude, those that its quality flags leave out, those with too large an error, and what is left;
-- Green et al. 2020, section 3.2.
with listed as (
    select
        survey,
        unnest([
            {
                'band': 'g',
                'magnitude': phot_g_mean_mag,
                'error': quality.magnitude_error(phot_g_mean_flux_over_error, 0),
                'is_good': photometry.is_often_observed(phot_g_n_obs)
            },
            {
                'band': 'bp',
                'magnitude': phot_bp_mean_mag,
                'error': quality.magnitude_error(phot_bp_mean_flux_over_error, 0),
                'is_good': photometry.is_often_observed(phot_bp_n_obs)
            },
            {
                'band': 'rp',
                'magnitude': phot_rp_mean_mag,
                'error': quality.magnitude_error(phot_rp_mean_flux_over_error, 0),
                'is_good': photometry.is_often_observed(phot_rp_n_obs)
            }
        ]) as entry
    from staging.gaia
    union all
    select
        'twomass' as survey,
        unnest([
            {
                'band': 'j',
                'magnitude': j_m,
                'error': j_msigcom,
                'is_good': photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 1)
            },
            {
                'band': 'h',
                'magnitude': h_m,
                'error': h_msigcom,
                'is_good': photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 2)
            },
            {
                'band': 'ks',
                'magnitude': ks_m,
                'error': ks_msigcom,
                'is_good': photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, 3)
            }
        ]) as entry
    from staging.twomass
    union all
    select
        'unwise' as survey,
        unnest([
            {
                'band': 'w1',
                'magnitude': mag_w1_vg,
                'error': quality.magnitude_error(flux_w1 / dflux_w1, 0),
                'is_good': photometry.is_good_unwise(flags_unwise_w1, rchi2_w1, "primary")
            },
            {
                'band': 'w2',
                'magnitude': mag_w2_vg,
                'error': quality.magnitude_error(flux_w2 / dflux_w2, 0),
                'is_good': photometry.is_good_unwise(flags_unwise_w2, rchi2_w2, "primary")
            }
        ]) as entry
    from staging.unwise
    union all
    select
        'panstarrs1' as survey,
        unnest([
            {
                'band': 'ps1_g',
                'magnitude': g_mean_psf_mag,
                'error': g_mean_psf_mag_error,
                'is_good': photometry.is_good_panstarrs1(quality_flag)
            },
            {
                'band': 'ps1_r',
                'magnitude': r_mean_psf_mag,
                'error': r_mean_psf_mag_error,
                'is_good': photometry.is_good_panstarrs1(quality_flag)
            },
            {
                'band': 'ps1_i',
                'magnitude': i_mean_psf_mag,
                'error': i_mean_psf_mag_error,
                'is_good': photometry.is_good_panstarrs1(quality_flag)
            },
            {
                'band': 'ps1_z',
                'magnitude': z_mean_psf_mag,
                'error': z_mean_psf_mag_error,
                'is_good': photometry.is_good_panstarrs1(quality_flag)
            },
            {
                'band': 'ps1_y',
                'magnitude': y_mean_psf_mag,
                'error': y_mean_psf_mag_error,
                'is_good': photometry.is_good_panstarrs1(quality_flag)
            }
        ]) as entry
    from staging.panstarrs1
)

select
    survey,
    entry.band,
    count(*) as n,
    count(*) filter (where not entry.is_good) as n_flagged,
    count(*) filter (where entry.is_good and entry.error > cuts.green_max_magnitude_error()) as n_uncertain,
    n - n_flagged - n_uncertain as n_left
from listed
where entry.magnitude is not null
group by survey, entry.band
order by survey, entry.band
