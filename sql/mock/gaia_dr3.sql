-- [rows] The stars of a mock Gaia DR2 as DR3 would list them: half a year later, in its passbands, with the zero point
-- of its parallaxes, and with the same noise but less of it (parallaxes by 0.8, proper motions by 0.5). The excess factor
-- keeps what the mock has beyond its own mean. gaia and truth are names of tables of gaia_dr2 and mock_truth; Lindegren
-- et al. 2021, A&A 649, A2.
create or replace macro mock.gaia_dr3(gaia, truth) as table
    with coloured as (
        select
            dr2.*,
            true_stars.distance_kpc,
            dr2.phot_bp_mean_mag - dr2.phot_rp_mean_mag as bp_rp_dr2
        from query_table(gaia) as dr2
        inner join query_table(truth) as true_stars using (source_id)
    ),

    seen as (
        select
            *,
            photometric.gaia_dr2_to_dr3('g', phot_g_mean_mag, bp_rp_dr2)::real as g_dr3,
            photometric.gaia_dr2_to_dr3('bp', phot_bp_mean_mag, bp_rp_dr2)::real as bp_dr3,
            photometric.gaia_dr2_to_dr3('rp', phot_rp_mean_mag, bp_rp_dr2)::real as rp_dr3,
            quality.wavenumber_of_colour(bp_dr3 - rp_dr3)::real as nu_eff,
            quality.zero_point_5_parameters(
                quality.zero_point_place(g_dr3), nu_eff, quality.sine_of_ecliptic_latitude(ra, dec)
            ) as zero_point
        from coloured
    )

    select
        source_id,
        pmra,
        pmdec,
        g_dr3 as phot_g_mean_mag,
        bp_dr3 as phot_bp_mean_mag,
        rp_dr3 as phot_rp_mean_mag,
        phot_g_mean_flux_over_error,
        phot_bp_mean_flux_over_error,
        phot_rp_mean_flux_over_error,
        ruwe,
        l,
        b,
        nu_eff as nu_eff_used_in_astrometry,
        31::smallint as astrometric_params_solved,
        ((ra + 0.5 * pmra / 3.6e6 / cos(radians(dec))) + 360) % 360 as ra,
        dec + 0.5 * pmdec / 3.6e6 as dec,
        0.8 * ra_error as ra_error,
        0.8 * dec_error as dec_error,
        1 / distance_kpc + zero_point
        + 0.8 * (parallax - cuts.gaia_dr2_parallax_zero_point() - 1 / distance_kpc) as parallax,
        0.8 * parallax_error as parallax_error,
        0.5 * pmra_error as pmra_error,
        0.5 * pmdec_error as pmdec_error,
        phot_bp_rp_excess_factor - (1.136 + 0.035 * bp_rp_dr2 * bp_rp_dr2)
        - quality.corrected_excess_factor(0, bp_dr3 - rp_dr3) as phot_bp_rp_excess_factor
    from seen;
