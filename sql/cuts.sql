-- Every threshold: one macro a line with its unit and source. `--cut NAME=VALUE` replaces one in a workspace.

-- Quality of Gaia DR2, 2MASS and AllWISE
create or replace macro cuts.excess_factor_low() as 1.0; -- [] Lucey+2020 section 2.2 (i), at BP - RP = 0
create or replace macro cuts.excess_factor_low_slope() as 0.015; -- [mag-2] Lucey+2020 section 2.2 (i), times (BP - RP)^2
create or replace macro cuts.excess_factor_high() as 1.3; -- [] Lucey+2020 section 2.2 (i), at BP - RP = 0
create or replace macro cuts.excess_factor_high_slope() as 0.060; -- [mag-2] Lucey+2020 section 2.2 (i), times (BP - RP)^2
create or replace macro cuts.max_ruwe() as 1.4; -- [] Lucey+2020 section 2.2 (ii); Lindegren 2018
create or replace macro cuts.tightest_ruwe() as 1.1; -- [] ours: down to it cuts.max_ruwe moves without scoring again
create or replace macro cuts.tightest_g_error_ratio() as 0.0001; -- [] ours: the same of cuts.max_g_error_ratio
create or replace macro cuts.tightest_excess_factor_low() as 1.1; -- [] ours: up to it cuts.excess_factor_low moves without scoring again
create or replace macro cuts.tightest_excess_factor_low_slope() as 0.025; -- [mag-2] ours: the same of cuts.excess_factor_low_slope
create or replace macro cuts.tightest_excess_factor_high() as 1.2; -- [] ours: down to it cuts.excess_factor_high moves without scoring again
create or replace macro cuts.tightest_excess_factor_high_slope() as 0.045; -- [mag-2] ours: the same of cuts.excess_factor_high_slope
create or replace macro cuts.twomass_quality() as 'AAA'; -- [] Lucey+2020 section 2.2 (iii), letters of J, H, Ks
create or replace macro cuts.allwise_quality() as 'AA'; -- [] Lucey+2020 section 2.2 (iii), letters of W1, W2
create or replace macro cuts.max_g_error_ratio() as 0.0002; -- [] Lucey+2020 section 2.2 (iv), (sigma_G - zero point) / G
create or replace macro cuts.lucey_quality_cuts() as false; -- [] true leaves out a star that fails any of these cuts or is outside the hull, as Lucey+2020 section 2.2; false takes the measurement from it
create or replace macro cuts.g_zero_point_error() as 0.0018; -- [mag] Lucey+2020 section 2.2 footnote 6, Gaia DR2
create or replace macro cuts.gaia_dr2_bp_zero_point_error() as 0.0014; -- [mag] Evans+2018 table 4
create or replace macro cuts.gaia_dr2_rp_zero_point_error() as 0.0019; -- [mag] Evans+2018 table 4
create or replace macro cuts.gaia_dr3_g_zero_point_error() as 0.0027553202; -- [mag] Riello+2021 table 3
create or replace macro cuts.gaia_dr3_bp_zero_point_error() as 0.0027901700; -- [mag] Riello+2021 table 3
create or replace macro cuts.gaia_dr3_rp_zero_point_error() as 0.0037793818; -- [mag] Riello+2021 table 3
create or replace macro cuts.max_corrected_excess_sigma() as 5; -- [] Riello+2021 section 9.4, standard deviations of C* at the star's G; beside the cut of Lucey+2020

-- Red clump: labels and training rows
create or replace macro cuts.rc_min_delta_p() as 200; -- [s] Lucey+2020 section 1; a label above it, and below the next, is red clump
create or replace macro cuts.rc_max_delta_nu() as 8.5; -- [uHz] after Ting+2018: the red clump by label
create or replace macro cuts.rc_min_logg() as 2.0; -- [dex] Ting+2018 figure 3, range of the labels of DeltaP; P(RC) means nothing beyond
create or replace macro cuts.rc_min_feh() as -0.9; -- [dex] Ting+2018 figure 3, the same
create or replace macro cuts.lucey_min_snr() as 50; -- [] Lucey+2020 section 2.1, LAMOST g band, labels of Teff and log g
create or replace macro cuts.lucey_min_snr_seismology() as 75; -- [pixel-1] Lucey+2020 section 2.1, labels of DeltaP and Delta nu
create or replace macro cuts.lucey_hull_stars() as 10000; -- [] Lucey+2020 section 2.2, training stars whose convex hull bounds the inference
create or replace macro cuts.lucey_training_stars() as 200000; -- [] Lucey+2020 sections 2.1 and 3.2, the most stars that Teff and log g are trained on
create or replace macro cuts.lucey_training_seismology() as 30000; -- [] Lucey+2020 sections 2.1 and 3.3, the most stars that DeltaP and Delta nu are trained on
create or replace macro cuts.brightest_m_ks() as -9; -- [mag] absolute Ks above which no giant is, with a magnitude for noise (asymptotic giant branch to -8); red_clump.parallax_checks
create or replace macro cuts.faintest_m_ks() as 12; -- [mag] absolute Ks below which no star is that has a place here (late M dwarfs to 10.5); red_clump.parallax_checks
create or replace macro cuts.giant_g_ks() as 2.2; -- [mag] G - Ks of a giant, for stars without one of them
create or replace macro cuts.state_limit_delta_p() as 150; -- [s] Vrard+2016 and the Kepler states: red clump above, giant branch below
create or replace macro cuts.red_clump_prior() as 0; -- [] share of red clump among the giants of each survey that p_rc_sky is corrected to; 0 leaves P(RC) as it is, with the shares by magnitude and latitude that the network learnt
create or replace macro cuts.rc_training_share() as 0.45; -- [] share of red clump that P(RC) was learnt with, among giants of log g 2 to 3.5 (metadata of the model)

-- Red clump: giants and tiers
create or replace macro cuts.lucey_max_logg() as 3.5; -- [dex] Lucey+2020 section 3.2
create or replace macro cuts.lucey_min_teff() as 2500; -- [K] Lucey+2020 section 3.2
create or replace macro cuts.lucey_max_teff() as 5500; -- [K] Lucey+2020 section 3.2
create or replace macro cuts.tier1_min_delta_p() as 265; -- [s] Lucey+2020 table 1
create or replace macro cuts.tier1_max_delta_nu() as 5.25; -- [uHz] Lucey+2020 table 1
create or replace macro cuts.tier1_min_teff() as 4700; -- [K] Lucey+2020 table 1
create or replace macro cuts.tier2_min_delta_p() as 225; -- [s] Lucey+2020 table 1
create or replace macro cuts.tier2_max_delta_nu() as 5.5; -- [uHz] Lucey+2020 table 1
create or replace macro cuts.tier1_min_p_rc() as 0.88; -- [] where no DeltaP: mean of a 290 s and a 70 s component reaches 265 s
create or replace macro cuts.tier2_min_p_rc() as 0.67; -- [] where no DeltaP: the same mean reaches 225 s, rounded as in the label-calibrated mock

-- Red clump: bins of figure 4
create or replace macro cuts.teff_bin() as 50; -- [K] Lucey+2020 section 3.3
create or replace macro cuts.logg_bin() as 0.1; -- [dex] Lucey+2020 section 3.3
create or replace macro cuts.delta_nu_bin() as 1; -- [uHz] Lucey+2020 section 3.3
create or replace macro cuts.delta_p_bin() as 20; -- [s] Lucey+2020 section 3.3
create or replace macro cuts.p_rc_bin() as 0.1; -- [] takes the place of DeltaP where labels are evolutionary states

-- Red clump: distances
create or replace macro cuts.recipe_teff() as 4800; -- [K] where the lines of colour and magnitude of a distance recipe are pinned, the middle of the red clump
create or replace macro cuts.a_k_over_e_h_w2() as 0.743; -- [] Wang & Chen 2019, ApJ 877, 116, A_Ks over E(H - W2) of red clump stars; 0.918 by Majewski+2011
create or replace macro cuts.a_k_over_e_j_k() as 0.473; -- [] Wang & Chen 2019, A_Ks over E(J - Ks) of red clump stars; 0.67 by Indebetouw+2005
create or replace macro cuts.extinction_law_error() as 0.2; -- [] of an extinction, in quadrature: what published laws differ by, 16 (Hawkins+2017) against 20 (Wang & Chen 2019) in A_G / A_W1
create or replace macro cuts.parallax_zero_point_error() as 0.01; -- [mas] spread of published zero points of Gaia DR2 (Zinn+2019, Lindegren+2018) about that of Lucey+2020
create or replace macro cuts.assumed_bp_rp() as 1.2; -- [mag] of a star without BP or RP whose G goes from one release to another: a giant's; between 0.2 and 2.4 G is then off by 0.016 mag at most
create or replace macro cuts.assumed_magnitude_error() as 0.03; -- [mag] of J, H, Ks, W1, W2 where the table gives none
create or replace macro cuts.min_colour_stars() as 50; -- [] little-reddened stars below which a colour is the shipped one
create or replace macro cuts.min_calibrators() as 30; -- [] stars with precise parallaxes below which an absolute magnitude is the shipped one
create or replace macro cuts.max_recipe_difference() as 5; -- [] joint standard errors that a fit may be from the shipped recipe; beyond, the shipped one stands
create or replace macro cuts.young_clump_width() as 0.2; -- [mag] that young core-helium stars add to the red clump's width in the plane, in quadrature; the mock sky (PARSEC tracks, a young disc)
create or replace macro cuts.young_clump_height_kpc() as 0.3; -- [kpc] over which that width falls by e; the mock sky
create or replace macro cuts.min_red_clump_width() as 0.05; -- [mag] no population of red clump stars is narrower in W1 or Ks (Hawkins+2017: 0.17, Chan & Bovy 2020: 0.10 in Ks)
create or replace macro cuts.max_parallax_error_ratio() as 0.05; -- [] Lucey+2020 section 3.4
create or replace macro cuts.gaia_dr2_parallax_zero_point() as -0.04; -- [mas] Lucey+2020 section 3.4
create or replace macro cuts.gaia_dr3_parallax_zero_point() as -0.017; -- [mas] Lindegren+2021, median of quasars, for stars of DR3 whose own cannot be computed
create or replace macro cuts.m_w1_red_clump() as -1.68; -- [mag] Hawkins+2017, the anchor of Lucey+2020 section 3.4
create or replace macro cuts.a_g_over_a_w1() as 16; -- [] Hawkins+2017, used by Lucey+2020 section 3.4
create or replace macro cuts.a_g_over_a_v() as 0.789; -- [] Wang & Chen 2019, ApJ 877, 116, red clump stars in Gaia DR2
create or replace macro cuts.little_reddened_min_abs_b() as 40; -- [deg] where intrinsic colours are fitted
create or replace macro cuts.sun_x_kpc() as -8.3; -- [kpc] x of the Sun, the Galactic centre at 0; distance of Lucey+2020 figure 8
create or replace macro cuts.high_latitude() as 30; -- [deg] beyond which contamination is given apart; Lucey+2020 section 4.1
create or replace macro cuts.label_error() as 0.03; -- [] of labels that are wrong whatever their table's spacings scatter by; Ting+2018, contamination of their red clump
create or replace macro cuts.validity_by_density() as false; -- [boolean] whether the density of the training stars tells which stars the networks know, in the place of the hull of Lucey+2020 section 2.2
create or replace macro cuts.min_log_density() as 0; -- [] ln density of training stars over that of their sparsest 1 %, below which a star is refused then
create or replace macro cuts.min_labels() as 10; -- [] labelled stars below which a tier's contamination is not given
create or replace macro cuts.clump_shift_error() as 1.0; -- [ln odds] by which P(RC) may be off before labels are looked at; calibration skies (benchmarks/compare/catalogue_contamination.py --calibrate)
create or replace macro cuts.transfer_error() as 0.25; -- [ln odds] by which labelled stars of a tier may differ from the catalogue's; calibration skies
create or replace macro cuts.high_latitude_shift() as 0.4; -- [ln odds] of red clump against giant branch beyond cuts.high_latitude, where few labels say so; calibration skies
create or replace macro cuts.high_latitude_shift_error() as 0.1; -- [ln odds] of that; assumed, calibration skies ask for less
create or replace macro cuts.far_from_plane_kpc() as 2; -- [kpc] beyond which labels, which end at [Fe/H] = -0.9, say little of stars that the catalogue refuses
create or replace macro cuts.far_shift() as -0.9; -- [ln odds] of refused stars there; calibration skies
create or replace macro cuts.far_shift_error() as 0.2; -- [ln odds] of that; calibration skies
create or replace macro cuts.unselected_shift() as -0.5; -- [ln odds] of giants that the cuts of tier 2 refuse, whose labelled ones are the bright ones; calibration skies
create or replace macro cuts.outside_hull_shift() as -0.2; -- [ln odds] of stars outside the hull where that refuses them; by the truth of calibration skies
create or replace macro cuts.refused_shift_error() as 0.15; -- [ln odds] by which labelled stars that the catalogue refuses may differ from the others; calibration skies
create or replace macro cuts.pooled_stars() as 8; -- [] stars with the share of the coarser bin that are added to each bin before it is ranked
create or replace macro cuts.max_calibrator_extinction() as 0.1; -- [mag] in W1; little-reddened calibrators of Lucey+2020 section 3.4
create or replace macro cuts.max_magnitude_offset() as 0.75; -- [mag] calibrators further from the median are contaminants

-- Red clump: pictures
create or replace macro cuts.sky_nside() as 32; -- [] cells along the side of a HEALPix base cell in red_clump.sky_cells, a cell of 3.4 deg2

-- Red clump: derivatives of the networks
create or replace macro cuts.gradient_step() as 0.001; -- [mag] Lucey+2020 section 5.2, added and subtracted (of a parallax in mas)
create or replace macro cuts.gradient_min_teff() as 4100; -- [K] Lucey+2020 figure 11, where the red clump is
create or replace macro cuts.gradient_max_teff() as 5100; -- [K] Lucey+2020 figure 11
create or replace macro cuts.gradient_min_logg() as 2.3; -- [dex] Lucey+2020 figure 11
create or replace macro cuts.gradient_max_logg() as 2.7; -- [dex] Lucey+2020 figure 11

-- Photometry: stars that equations 4-9 can use
create or replace macro cuts.green_min_parallax_snr() as 5; -- [] parallax over its error, below it the modulus is unconstrained; Green+2020 section 3.2, number of their development scripts
create or replace macro cuts.green_max_magnitude_error() as 0.2; -- [mag] Green+2020 section 3.2, above it a band counts as not observed
create or replace macro cuts.green_magnitude_floor() as 0.02; -- [mag] Green+2020 section 3.2, added in quadrature to the errors of the surveys
create or replace macro cuts.green_max_teff_error() as 200; -- [K] Green+2020 section 3.1
create or replace macro cuts.green_max_logg_error() as 0.5; -- [dex] Green+2020 section 3.1
create or replace macro cuts.green_max_feh_error() as 0.5; -- [dex] Green+2020 section 3.1
create or replace macro cuts.green_max_ebv() as 10; -- [mag] E is clipped to 0 and this; development scripts of Green+2020
create or replace macro cuts.green_ebv_floor() as 0.02; -- [mag] Green+2020 section 3.3, floor of the error of E
create or replace macro cuts.green_ebv_relative_floor() as 0.1; -- [] of E, in quadrature to that floor; development scripts of Green+2020
create or replace macro cuts.green_ebv_passes() as 5; -- [] times that E is taken again at the covariance that it gives; no star of the published sample moves by 0.001 mag after the fifth
create or replace macro cuts.unmapped_ebv() as 0.2; -- [mag] prior of E where no dust map is ingested
create or replace macro cuts.unmapped_ebv_error() as 0.5; -- [mag] standard deviation of that prior
create or replace macro cuts.green_min_spectrum_snr() as 20; -- [] per pixel, LAMOST in one of its bands and GALAH in one of its channels; Green+2020 section 3.1, number of their development scripts
create or replace macro cuts.green_min_visibility_periods() as 8; -- [] Gaia; more are wanted; Green+2020 section 3.2 after Arenou+2018, number of their development scripts
create or replace macro cuts.green_max_astrometric_chi2() as 1.44; -- [] Gaia, per degree of freedom of bright stars; Arenou+2018 equation 1, used by Green+2020 section 3.2
create or replace macro cuts.green_astrometric_g() as 19.5; -- [mag] brighter than it the limit grows as exp(0.4 (19.5 - G)); the same
create or replace macro cuts.green_min_observations() as 3; -- [] Gaia, in a band; Green+2020 section 3.2
create or replace macro cuts.green_max_unwise_chi2() as 5; -- [] unWISE, per pixel of the profile; Green+2020 section 3.2, number of their development scripts
create or replace macro cuts.green_panstarrs1_good() as 4; -- [] bit of qualityFlag, a good measurement (Flewelling+2020); Green+2020 section 3.2 leave out what is unphotometric, saturated or on bad pixels
create or replace macro cuts.green_apogee_bad() as 8388736; -- [] bits 7 and 23 of ASPCAPFLAG, STAR_WARN and STAR_BAD; Green+2020 section 3.1
create or replace macro cuts.green_teff_floor() as 10; -- [K] in quadrature, Green+2020 section 3.1; no label of the published sample has less
create or replace macro cuts.green_logg_floor() as 0.05; -- [dex] the same
create or replace macro cuts.green_feh_floor() as 0.03; -- [dex] the same
create or replace macro cuts.green_label_clip() as 5; -- [] standard deviations from the median difference of two surveys' labels; wrong matches and failed fits fall beyond
create or replace macro cuts.min_transformation_stars() as 20; -- [] stars below which no transformation between bands, of four terms, is fitted
create or replace macro cuts.green_min_common_stars() as 10; -- [] fewer stars in common say nothing about the zero-point between two surveys
create or replace macro cuts.assumed_teff_error() as 80; -- [K] of labels whose table gives no error
create or replace macro cuts.assumed_logg_error() as 0.1; -- [dex] of labels whose table gives no error
create or replace macro cuts.assumed_feh_error() as 0.1; -- [dex] of labels whose table gives no error
create or replace macro cuts.max_inferred_chi2_per_band() as 3; -- [] ours; what is inferred of stars that the model cannot fit is not right
create or replace macro cuts.min_inferred_feh() as -1; -- [dex] ours; few stars of the prior are below it
create or replace macro cuts.metal_poor_errors() as 2; -- [] errors by which an inferred [Fe/H] must be above that to be given; else NULL: 15 of 17 held-out stars with labels below -1, 48 of 642 others
create or replace macro cuts.cool_teff() as 4500; -- [K] ours; below it errors of inferred Teff are too small
create or replace macro cuts.cool_teff_error() as 70; -- [K] ours; added in quadrature there: 67 and 92 % of 73 held-out stars then lie within one and two errors, 55 and 86 % without
create or replace macro cuts.min_inferred_bands() as 3; -- [] fewer bands say little about five unknowns

-- Photometry: region of validity, from the scatter of held-out stars (docs/photometry.md)
create or replace macro cuts.green_min_density_colour() as 0.001; -- [] density relative to its peak; Green+2020 section 6 recommends such a threshold
create or replace macro cuts.green_min_density_magnitude() as 0.01; -- [] density of stars with a parallax relative to its peak; Green+2020 section 6

-- Photometry: bins of figures 7, 10, 12 and 13
create or replace macro cuts.residual_teff_bin() as 250; -- [K] Green+2020 figure 12
create or replace macro cuts.residual_logg_bin() as 0.25; -- [dex] Green+2020 figure 12
create or replace macro cuts.residual_feh_bin() as 0.25; -- [dex] Green+2020 figure 12
create or replace macro cuts.residual_ebv_bin() as 0.1; -- [mag] Green+2020 figure 12
create or replace macro cuts.residual_log_density_bin() as 0.5; -- [dex] Green+2020 figure 13
create or replace macro cuts.locus_colour_bin() as 0.05; -- [mag] Green+2020 figure 7
create or replace macro cuts.locus_magnitude_bin() as 0.25; -- [mag] Green+2020 figure 7
create or replace macro cuts.reddening_teff_cell() as 50; -- [K] Green+2020 figure 10
create or replace macro cuts.reddening_variation_cell() as 0.005; -- [] Green+2020 figure 10
create or replace macro cuts.reference_teff() as 5400; -- [K] median of the training stars, where mean extinction vectors are taken; Green+2020 equation 17
create or replace macro cuts.reference_logg() as 4.1; -- [dex] the same
create or replace macro cuts.reference_feh() as -0.25; -- [dex] the same

-- DistMass: extinction and distances
create or replace macro cuts.distmass_rjce_slope() as 0.918; -- [] Majewski+2011, A_K over the colour excess of H - [4.5]; with the next but one it gives the A_K that APOGEE published for CoRoT giants to 0.011 mag (tests)
create or replace macro cuts.distmass_rjce_irac_colour() as 0.08; -- [mag] Majewski+2011, H - [4.5] of unreddened stars with IRAC; not checked, for want of IRAC magnitudes
create or replace macro cuts.distmass_rjce_wise_colour() as 0.05; -- [mag] H - W2 of unreddened giants: 0.055 +- 0.003 in the sample of Green+2020 (tests), 0.04 by the A_K of APOGEE
create or replace macro cuts.distmass_a_k_over_ebv() as 0.302; -- [] A_K over E(B-V) of Schlegel+1998, as APOGEE takes it (Zasowski+2013); 0.28 by RJCE in the sample of Green+2020 (tests)
create or replace macro cuts.distmass_max_abs_b_rjce() as 16; -- [deg] Stone-Martinez+2024 section 2: RJCE below, SFD above
create or replace macro cuts.distmass_edr3_parallax_zero_point() as -0.017; -- [mas] Lindegren+2021, median of quasars in Gaia EDR3
create or replace macro cuts.distmass_length_kpc() as 1.35; -- [kpc] scale length of the weak prior, one for all stars (Astraatmadja & Bailer-Jones 2016); Bailer-Jones+2018 vary it with direction; at a parallax error of 15 % 0.5 and 2.5 kpc move a star at 1 kpc by -3 and +1 %
create or replace macro cuts.distmass_max_parallax_error_ratio() as 0.15; -- [] Stone-Martinez+2024 section 4.1
create or replace macro cuts.distmass_min_error_bins() as 4; -- [] quarter-dex bins of ten stars below which the paper's errors are those that it states
create or replace macro cuts.distmass_least_error() as 0.02; -- [] no fit of these errors is believed below
create or replace macro cuts.distmass_max_a_k() as 0.5; -- [mag] Stone-Martinez+2024 section 4.1
create or replace macro cuts.distmass_max_mass_error_ratio() as 0.10; -- [] Stone-Martinez+2024 section 5.3, where labels carry errors
create or replace macro cuts.distmass_star_bad() as 8388608; -- [] bit 23 of ASPCAPFLAG, STAR_BAD (APOGEE DR17)

-- DistMass: masses and ages
create or replace macro cuts.distmass_min_log_density() as 0; -- [] log density of training stars over that of their sparsest 1 %
create or replace macro cuts.distmass_luminous_logg() as 2; -- [dex] below it the ensemble's errors of masses are too small
create or replace macro cuts.distmass_luminous_mass_error() as 1.2; -- [] what they are multiplied by there: 68 and 95 % of 236 APOKASC-2 stars outside the test part want 1.10 and 1.40
create or replace macro cuts.distmass_mass_error_ratio() as 0.10; -- [] Stone-Martinez+2024 section 5.5, flat error of the paper's masses
create or replace macro cuts.distmass_max_logg_age() as 3.5; -- [dex] Stone-Martinez+2024 section 6.1
create or replace macro cuts.distmass_min_mass_age() as 0.8; -- [Msun] Stone-Martinez+2024 section 6.1
create or replace macro cuts.distmass_max_mass_age() as 8; -- [Msun] Stone-Martinez+2024 section 6.1
create or replace macro cuts.distmass_max_abs_feh_age() as 0.5; -- [dex] Stone-Martinez+2024 section 6.1
create or replace macro cuts.distmass_mass_loss() as 0.03; -- [Msun] Stone-Martinez+2024 section 6.2; Handberg+2017
create or replace macro cuts.distmass_reference_teff_error() as 8; -- [K] median of APOGEE DR17 giants (APO-K2): errors that the networks learned with
create or replace macro cuts.distmass_reference_logg_error() as 0.022; -- [dex] the same
create or replace macro cuts.distmass_reference_m_h_error() as 0.006; -- [dex] the same
create or replace macro cuts.distmass_reference_c_fe_error() as 0.015; -- [dex] assumed for APOGEE DR17 giants: no table here gives it
create or replace macro cuts.distmass_reference_n_fe_error() as 0.02; -- [dex] assumed for APOGEE DR17 giants: no table here gives it
create or replace macro cuts.distmass_unknown_extinction_error() as 0.05; -- [mag] added where no extinction is known; median A_K by RJCE of the Kepler giants with W2
create or replace macro cuts.distmass_extinction_error_ratio() as 0.1; -- [] of A_K; assumed
create or replace macro cuts.distmass_cluster_distance_error() as 0.085; -- [] Stone-Martinez+2024 section 4.1, 7-10 %
create or replace macro cuts.distmass_min_member_probability() as 0.01; -- [] Donor+2020, within 3 sigma in each of three dimensions
create or replace macro cuts.distmass_logg_bin() as 0.5; -- [dex] Stone-Martinez+2024 figures 7 and 13
create or replace macro cuts.distmass_nmsu_teff_error() as 50; -- [K] least error of Teff in NMSU distances: that of the isochrones' scale
create or replace macro cuts.distmass_nmsu_logg_error() as 0.05; -- [dex] the same of log g
create or replace macro cuts.distmass_nmsu_m_h_error() as 0.05; -- [dex] the same of [M/H], the step of the grid

-- Spectrophotometric parallaxes: parent sample and training set; never a cut on parallax or its signal-to-noise
create or replace macro cuts.hogg_min_logg() as 0; -- [dex] Hogg+2018 section 4
create or replace macro cuts.hogg_max_logg() as 2.2; -- [dex] Hogg+2018 section 4, more luminous than the red clump
create or replace macro cuts.hogg_duplicate_bit() as 16; -- [] of EXTRATARG in APOGEE's allStar: a further spectrum of a star; Holtzman et al. 2018
create or replace macro cuts.hogg_jk_intercept() as 0.4; -- [mag] Hogg+2018 equation 6, J - K below it plus the slope times BP - RP
create or replace macro cuts.hogg_jk_slope() as 0.45; -- [] Hogg+2018 equation 6
create or replace macro cuts.hogg_min_h_w2() as -0.05; -- [mag] Hogg+2018 equation 7
create or replace macro cuts.hogg_max_parallax_error() as 0.1; -- [mas] Hogg+2018 equation 8
create or replace macro cuts.hogg_min_visibility_periods() as 8; -- [] Hogg+2018 equation 9
create or replace macro cuts.hogg_max_astrometric_chi() as 35; -- [] Hogg+2018 equation 10, astrometric_chi2_al over sqrt(astrometric_n_good_obs_al - 5), as printed
create or replace macro cuts.hogg_parallax_offset() as 0.048; -- [mas] Hogg+2018 section 4, added to Gaia DR2 parallaxes; by cross-validation
create or replace macro cuts.hogg_gaia_parallax_offset() as 0.029; -- [mas] Lindegren+2018, the Gaia Collaboration's own
create or replace macro cuts.hogg_best_parallax_error() as 0.05; -- [] error over parallax of the stars of the right panel of figure 2
create or replace macro cuts.hogg_m_h_bin() as 0.25; -- [dex] Hogg+2018 figure 3, here in bins
create or replace macro cuts.hogg_h_w2_bin() as 0.1; -- [mag] Hogg+2018 figure 3, here in bins
create or replace macro cuts.hogg_parallax_bin() as 0.25; -- [mas] ours, for pulls by parallax
create or replace macro cuts.hogg_magnitude_bin() as 1; -- [mag] Hogg+2018 figure 5, here in bins of G
create or replace macro cuts.hogg_distance_bin() as 1; -- [kpc] Hogg+2018 figure 5, here in bins
create or replace macro cuts.hogg_map_cell() as 1; -- [kpc] Hogg+2018 figure 6, here in cells
create or replace macro cuts.hogg_map_error_ratio() as 0.2; -- [] largest error of the spectrophotometric parallax over it, in the map
create or replace macro cuts.hogg_map_max_abs_z() as 1; -- [kpc] stars of the map are within this of the disk's plane
create or replace macro cuts.hogg_sun_vx_km_s() as 12.9; -- [km/s] of the Sun, towards the Galactic centre; Drimmel & Poggio 2018
create or replace macro cuts.hogg_sun_vy_km_s() as 245.6; -- [km/s] of the Sun, along rotation; Drimmel & Poggio 2018
create or replace macro cuts.hogg_sun_vz_km_s() as 7.78; -- [km/s] of the Sun, towards the north; Drimmel & Poggio 2018
