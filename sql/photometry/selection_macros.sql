-- The quality cuts of Green et al. 2020, sections 3.1 and 3.2, one measurement at a time. What a table does not say is not failed.

-- [boolean] Whether Gaia observed a star in n_obs observations of a band often enough; Green et al. 2020, section 3.2.
create or replace macro photometry.is_often_observed(n_obs) as coalesce(n_obs >= cuts.green_min_observations(), true);

-- [boolean] Whether Gaia's visibility periods, n_periods, are enough for its astrometry; Green et al. 2020, section 3.2.
create or replace macro photometry.is_often_visible(n_periods) as
coalesce(n_periods > cuts.green_min_visibility_periods(), true);

-- [boolean] Whether Gaia's astrometric solution fits a star of g_mag [mag]: chi2 of its n_good_obs observations; Arenou et
-- al. 2018, equation 1, as used by Green et al. 2020, section 3.2.
create or replace macro photometry.has_good_astrometry(chi2, n_good_obs, g_mag) as
coalesce(
    chi2 / (n_good_obs - 5)
    < cuts.green_max_astrometric_chi2() * greatest(1, exp(-0.4 * (g_mag - cuts.green_astrometric_g()))),
    true
);

-- [] The letter at place (from 1) of the flags of several bands, where one letter may stand for all.
create or replace macro photometry.flag_at(flags, place) as
case when length(flags) = 1 then flags else substr(flags, place, 1) end;

-- [boolean] Whether 2MASS's magnitude in band number place (from 1: J, H, Ks) is one of the high-reliability catalog, by the
-- table's ph_qual, rd_flg, cc_flg, use_src and gal_contam; Green et al. 2020, section 3.2.
create or replace macro photometry.is_reliable_twomass(ph_qual, rd_flg, cc_flg, use_src, gal_contam, place) as
coalesce(
    photometry.flag_at(ph_qual, place) = 'A' or coalesce(photometry.flag_at(rd_flg, place) in ('1', '3'), false), true
)
and coalesce(photometry.flag_at(cc_flg, place) = '0', true)
and coalesce(use_src = 1, true)
and coalesce(gal_contam = 0, true);

-- [boolean] Whether unWISE's magnitude in a band is good, by the table's flags and chi2 in it and by is_primary, 1 for the
-- better of two coadds; Green et al. 2020, section 3.2.
create or replace macro photometry.is_good_unwise(flags, chi2, is_primary) as
coalesce(flags = 0, true) and coalesce(chi2 <= cuts.green_max_unwise_chi2(), true) and coalesce(is_primary = 1, true);

-- [boolean] Whether Pan-STARRS1's measurement of a star is good, by its quality_flag; Green et al. 2020, section 3.2.
create or replace macro photometry.is_good_panstarrs1(quality_flag) as
coalesce(quality_flag & cuts.green_panstarrs1_good() > 0, true);

-- [boolean] Whether one of the signal-to-noise ratios of a spectrum's channels, a list, is enough; Green et al. 2020,
-- section 3.1.
create or replace macro photometry.has_signal(channels) as
coalesce(list_max(channels) > cuts.green_min_spectrum_snr(), true);

-- [] The larger of a calibrated error and the root of the variance before calibration, of the same label; Green et al. 2020,
-- section 3.1, for APOGEE. What a table does not say is not used.
create or replace macro photometry.larger_error(error, variance) as
greatest(error, case when variance > 0 then sqrt(variance) end);
