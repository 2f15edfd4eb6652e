-- A star with an APOGEE spectrum, its half of the sample (A or B, by a hash of its name), and the reasons for which it is left
-- out of the parent sample or, further, of the training set; Hogg et al. 2018, section 4.
with photometry as (
    select
        apogee_id,
        source_id,
        ra,
        "dec",
        teff as teff_k,
        logg,
        m_h,
        alpha_m,
        vhelio_avg,
        member,
        parallax,
        parallax_error,
        pmra,
        pmdec,
        visibility_periods_used,
        phot_g_mean_mag,
        phot_bp_mean_mag,
        phot_rp_mean_mag,
        j_m,
        h_m,
        ks_m,
        w1mpro,
        w2mpro,
        j_msigcom,
        h_msigcom,
        ks_msigcom,
        w1mpro_error,
        w2mpro_error,
        parallax.magnitude_error(phot_g_mean_flux_over_error) as phot_g_mean_mag_error,
        parallax.magnitude_error(phot_bp_mean_flux_over_error) as phot_bp_mean_mag_error,
        parallax.magnitude_error(phot_rp_mean_flux_over_error) as phot_rp_mean_mag_error,
        h_m - w2mpro as h_w2,
        parallax.astrometric_chi(astrometric_chi2_al, astrometric_n_good_obs_al) as astrometric_chi
    from staging.apogee_gaia
),

with_spectra as (
    select
        photometry.*,
        spectra.apogee_id is not null as has_spectrum
    from photometry
    left join (select spectra.apogee_id from parallax.spectra as spectra) as spectra using (apogee_id)
)

select
    *,
    if(stats.fold(apogee_id, 'parallax', 2) = 0, 'A', 'B') as sample,
    not coalesce(logg > cuts.hogg_min_logg() and logg < cuts.hogg_max_logg(), false) as is_no_luminous_giant,
    not has_spectrum as lacks_spectrum,
    phot_g_mean_mag + phot_bp_mean_mag + phot_rp_mean_mag + j_m + h_m + ks_m + w1mpro + w2mpro is null
        as lacks_magnitude,
    not coalesce(parallax.passes_jk(j_m, ks_m, phot_bp_mean_mag, phot_rp_mean_mag), true) as fails_jk,
    not coalesce(parallax.passes_h_w2(h_m, w2mpro), true) as fails_h_w2,
    parallax is null or parallax_error is null as lacks_parallax,
    not coalesce(parallax_error < cuts.hogg_max_parallax_error(), true) as fails_parallax_error,
    not coalesce(visibility_periods_used >= cuts.hogg_min_visibility_periods(), false) as fails_visibility,
    not coalesce(astrometric_chi <= cuts.hogg_max_astrometric_chi(), false) as fails_astrometric_chi
from with_spectra
