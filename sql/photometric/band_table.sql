-- The one table of bands, written by docs/make_band_tables.py, which photometric.bands shows as rows.
-- `system` is that of the networks and of `magnitude_column` of `survey`.
-- ab_minus_vega: W1 and W2 from Jarrett et al. 2011 as used by Schlafly et al. 2019, the others from the spectrum of
-- Vega in CALSPEC (Bohlin 2014) through the filter curve.
-- extinction_g23: A(band) / A(V) of a 5500 K black body behind little dust, Gordon et al. 2023 with R(V) = 3.1.
-- extinction_s16: the mean vector of Schlafly et al. 2016, with A(H) / A(Ks) = 1.55 (Indebetouw et al. 2005), A(r) = 1.

-- [] The one table of bands as a list of structs, which photometric.bands shows as rows; sources above.
create or replace macro photometric.band_table() as [
    {
        'band': 'g', 'survey': 'gaia_dr2', 'magnitude_column': 'phot_g_mean_mag', 'system': 'Vega',
        'wavelength_um': 0.6247, 'ab_minus_vega': 0.122, 'extinction_g23': 0.8478,
        'extinction_s16': null::double
    },
    {
        'band': 'bp', 'survey': 'gaia_dr2', 'magnitude_column': 'phot_bp_mean_mag', 'system': 'Vega',
        'wavelength_um': 0.5049, 'ab_minus_vega': 0.059, 'extinction_g23': 1.0731,
        'extinction_s16': null::double
    },
    {
        'band': 'rp', 'survey': 'gaia_dr2', 'magnitude_column': 'phot_rp_mean_mag', 'system': 'Vega',
        'wavelength_um': 0.7741, 'ab_minus_vega': 0.376, 'extinction_g23': 0.6368,
        'extinction_s16': null::double
    },
    {
        'band': 'ps1_g', 'survey': 'panstarrs1', 'magnitude_column': 'g_mean_psf_mag', 'system': 'AB',
        'wavelength_um': 0.4849, 'ab_minus_vega': -0.093, 'extinction_g23': 1.1612,
        'extinction_s16': 1.3442::double
    },
    {
        'band': 'ps1_r', 'survey': 'panstarrs1', 'magnitude_column': 'r_mean_psf_mag', 'system': 'AB',
        'wavelength_um': 0.6201, 'ab_minus_vega': 0.144, 'extinction_g23': 0.8629,
        'extinction_s16': 1.0000::double
    },
    {
        'band': 'ps1_i', 'survey': 'panstarrs1', 'magnitude_column': 'i_mean_psf_mag', 'system': 'AB',
        'wavelength_um': 0.7535, 'ab_minus_vega': 0.370, 'extinction_g23': 0.6507,
        'extinction_s16': 0.7531::double
    },
    {
        'band': 'ps1_z', 'survey': 'panstarrs1', 'magnitude_column': 'z_mean_psf_mag', 'system': 'AB',
        'wavelength_um': 0.8674, 'ab_minus_vega': 0.519, 'extinction_g23': 0.5181,
        'extinction_s16': 0.5919::double
    },
    {
        'band': 'ps1_y', 'survey': 'panstarrs1', 'magnitude_column': 'y_mean_psf_mag', 'system': 'AB',
        'wavelength_um': 0.9628, 'ab_minus_vega': 0.553, 'extinction_g23': 0.4287,
        'extinction_s16': 0.4826::double
    },
    {
        'band': 'j', 'survey': 'twomass', 'magnitude_column': 'j_m', 'system': 'Vega',
        'wavelength_um': 1.2391, 'ab_minus_vega': 0.912, 'extinction_g23': 0.2757,
        'extinction_s16': 0.3029::double
    },
    {
        'band': 'h', 'survey': 'twomass', 'magnitude_column': 'h_m', 'system': 'Vega',
        'wavelength_um': 1.6495, 'ab_minus_vega': 1.391, 'extinction_g23': 0.1701,
        'extinction_s16': 0.1793::double
    },
    {
        'band': 'ks', 'survey': 'twomass', 'magnitude_column': 'ks_m', 'system': 'Vega',
        'wavelength_um': 2.1638, 'ab_minus_vega': 1.863, 'extinction_g23': 0.1071,
        'extinction_s16': 0.1157::double
    },
    {
        'band': 'w1', 'survey': 'allwise', 'magnitude_column': 'w1mpro', 'system': 'Vega',
        'wavelength_um': 3.3682, 'ab_minus_vega': 2.699, 'extinction_g23': 0.0505,
        'extinction_s16': 0.0685::double
    },
    {
        'band': 'w2', 'survey': 'allwise', 'magnitude_column': 'w2mpro', 'system': 'Vega',
        'wavelength_um': 4.6179, 'ab_minus_vega': 3.339, 'extinction_g23': 0.0318,
        'extinction_s16': 0.0505::double
    }
];
