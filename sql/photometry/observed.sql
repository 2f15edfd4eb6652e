-- A star's observation in one band; bands that are missing, or too uncertain (Green et al. 2020, section 3.2), have no row.
with listed as (
    select
        survey,
        source_id,
        unnest([
            { 'band': 'g', 'magnitude': g_mag, 'magnitude_error': g_mag_error },
            { 'band': 'bp', 'magnitude': bp_mag, 'magnitude_error': bp_mag_error },
            { 'band': 'rp', 'magnitude': rp_mag, 'magnitude_error': rp_mag_error },
            { 'band': 'ps1_g', 'magnitude': ps1_g_mag, 'magnitude_error': ps1_g_mag_error },
            { 'band': 'ps1_r', 'magnitude': ps1_r_mag, 'magnitude_error': ps1_r_mag_error },
            { 'band': 'ps1_i', 'magnitude': ps1_i_mag, 'magnitude_error': ps1_i_mag_error },
            { 'band': 'ps1_z', 'magnitude': ps1_z_mag, 'magnitude_error': ps1_z_mag_error },
            { 'band': 'ps1_y', 'magnitude': ps1_y_mag, 'magnitude_error': ps1_y_mag_error },
            { 'band': 'j', 'magnitude': j_mag, 'magnitude_error': j_mag_error },
            { 'band': 'h', 'magnitude': h_mag, 'magnitude_error': h_mag_error },
            { 'band': 'ks', 'magnitude': ks_mag, 'magnitude_error': ks_mag_error },
            { 'band': 'w1', 'magnitude': w1_mag, 'magnitude_error': w1_mag_error },
            { 'band': 'w2', 'magnitude': w2_mag, 'magnitude_error': w2_mag_error }
        ]) as entry
    from photometry.inputs
)

select
    survey,
    source_id,
    entry.band,
    entry.magnitude,
    entry.magnitude_error
from listed
where entry.magnitude is not null and entry.magnitude_error <= cuts.green_max_magnitude_error()
