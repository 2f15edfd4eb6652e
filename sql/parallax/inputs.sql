-- A star of the parent sample with what the model reads, equation 11 of Hogg et al. 2018, and the errors of that.
select
    parent.apogee_id,
    parent.sample,
    parent.is_training,
    parent.phot_g_mean_mag,
    parent.phot_bp_mean_mag,
    parent.phot_rp_mean_mag,
    parent.j_m,
    parent.h_m,
    parent.ks_m,
    parent.w1mpro,
    parent.w2mpro,
    parent.phot_g_mean_mag_error,
    parent.phot_bp_mean_mag_error,
    parent.phot_rp_mean_mag_error,
    parent.j_msigcom,
    parent.h_msigcom,
    parent.ks_msigcom,
    parent.w1mpro_error,
    parent.w2mpro_error,
    spectra.ln_flux::float[7405] as ln_flux,
    spectra.ln_flux_error::float[7405] as ln_flux_error
from parallax.parent as parent
inner join parallax.spectra as spectra using (apogee_id)
