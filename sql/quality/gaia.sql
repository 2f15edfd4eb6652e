-- A Gaia star, as whichever release lists it, and whether it passes each cut of Lucey et al. 2020, section 2.2 (i), (ii), (iv); beside
-- them its errors with those of the zero points, C* of Riello et al. 2021, section 9.4, and the zero point of its parallax, with how
-- that came.
with measured as (
    select
        gaia.*,
        releases.zero_point_recipe as release_recipe,
        releases.g_zero_point_error,
        gaia.phot_bp_mean_mag - gaia.phot_rp_mean_mag as bp_rp,
        quality.magnitude_error(gaia.phot_g_mean_flux_over_error, releases.g_zero_point_error) as phot_g_mean_mag_error,
        quality.magnitude_error(gaia.phot_bp_mean_flux_over_error, releases.bp_zero_point_error)
            as phot_bp_mean_mag_error,
        quality.magnitude_error(gaia.phot_rp_mean_flux_over_error, releases.rp_zero_point_error)
            as phot_rp_mean_mag_error,
        quality.zero_point_place(gaia.phot_g_mean_mag) as place,
        quality.sine_of_ecliptic_latitude(gaia.ra, gaia.dec) as sine_beta,
        coalesce(gaia.astrometric_params_solved = 95, gaia.pseudocolour is not null) as is_six_parameters,
        coalesce(gaia.nu_eff_used_in_astrometry, quality.wavenumber_of_colour(bp_rp)) as nu_eff,
        gaia.nu_eff_used_in_astrometry is null as is_of_colour
    from staging.gaia as gaia
    inner join quality.gaia_releases as releases using (survey)
),

corrected as (
    select
        *,
        case
            when release_recipe = 'constant' then cuts.gaia_dr2_parallax_zero_point()
            when is_six_parameters then quality.zero_point_6_parameters(place, pseudocolour, sine_beta)
            else quality.zero_point_5_parameters(place, nu_eff, sine_beta)
        end as computed_zero_point
    from measured
)

select
    * exclude (
        release_recipe, g_zero_point_error, place, sine_beta, is_six_parameters, nu_eff, is_of_colour,
        computed_zero_point
    ),
    quality.g_error_ratio(phot_g_mean_mag_error, phot_g_mean_mag, g_zero_point_error) as g_error_ratio,
    if(survey = 'gaia_dr2', null, quality.corrected_excess_factor(phot_bp_rp_excess_factor, bp_rp))
        as corrected_excess_factor,
    abs(corrected_excess_factor)
    < cuts.max_corrected_excess_sigma() * quality.corrected_excess_factor_scatter(phot_g_mean_mag)
        as passes_corrected_excess_factor,
    coalesce(computed_zero_point, cuts.gaia_dr3_parallax_zero_point())::real as parallax_zero_point,
    case
        when release_recipe = 'constant' then 'constant of Lucey+2020'
        when computed_zero_point is null then 'constant of Lindegren+2021, for want of a colour'
        when is_six_parameters then 'Lindegren+2021, six parameters'
        when is_of_colour then 'Lindegren+2021, five parameters, wavenumber of BP - RP'
        else 'Lindegren+2021, five parameters'
    end as zero_point_recipe,
    coalesce(quality.passes_excess_factor(phot_bp_rp_excess_factor, bp_rp), false) as passes_excess_factor,
    quality.passes_ruwe(ruwe) as passes_ruwe,
    quality.passes_saturation(g_error_ratio) as passes_saturation
from corrected
