-- Parallax zero point of Gaia (E)DR3 [mas] by G, colour and ecliptic latitude; Lindegren et al. 2021, A&A 649, A4, appendix A.
-- Its coefficients [uas] stand at 13 magnitudes, linear between them and constant beyond.
-- Where G lies among the nodes: the number of the one below it, from 1 to 13, and the way to the next.

-- [] Where g [mag] lies among the nodes: the number of the one below it, from 1 to 13, and the way to the next.
create or replace macro quality.zero_point_place(g) as
case
    when g < 10.8 then 1 + greatest(0, (g - 6.0) / 4.8)
    when g < 11.2 then 2 + (g - 10.8) / 0.4
    when g < 11.8 then 3 + (g - 11.2) / 0.6
    when g < 12.2 then 4 + (g - 11.8) / 0.4
    when g < 12.9 then 5 + (g - 12.2) / 0.7
    when g < 13.1 then 6 + (g - 12.9) / 0.2
    when g < 15.9 then 7 + (g - 13.1) / 2.8
    when g < 16.1 then 8 + (g - 15.9) / 0.2
    when g < 17.5 then 9 + (g - 16.1) / 1.4
    when g < 19.0 then 10 + (g - 17.5) / 1.5
    when g < 20.0 then 11 + (g - 19.0) / 1.0
    when g < 21.0 then 12 + (g - 20.0) / 1.0
    when g >= 21.0 then 13
end::double;

-- [uas] The coefficients [uas] at the nodes, interpolated at a place of quality.zero_point_place.
create or replace macro quality.between_nodes(coefficients, place) as
coefficients[floor(place)::integer]
+ (place - floor(place)) * (coefficients[ceil(place)::integer] - coefficients[floor(place)::integer]);

-- [um-1] Basis function of the effective wavenumber w [um-1]; Lindegren et al. 2021, A&A 649, A4, appendix A.
create or replace macro quality.wavenumber_linear(w) as greatest(-0.24, least(0.24, w - 1.48));

-- [um-3] Basis function of the effective wavenumber w [um-1]; Lindegren et al. 2021, A&A 649, A4, appendix A.
create or replace macro quality.wavenumber_cubic(w) as pow(greatest(0.0, least(0.24, 1.48 - w)), 3);

-- [um-1] Basis function of the effective wavenumber w [um-1]; Lindegren et al. 2021, A&A 649, A4, appendix A.
create or replace macro quality.wavenumber_red(w) as least(0.0, w - 1.24);

-- [um-1] Basis function of the effective wavenumber w [um-1]; Lindegren et al. 2021, A&A 649, A4, appendix A.
create or replace macro quality.wavenumber_blue(w) as greatest(0.0, w - 1.72);

-- [] Basis function of s, the sine of the ecliptic latitude; Lindegren et al. 2021, A&A 649, A4, appendix A.
create or replace macro quality.latitude_square(s) as s * s - 1 / 3;

-- [mas] Zero point of a five-parameter solution at a place of quality.zero_point_place, with nu_eff [um-1]
-- (nu_eff_used_in_astrometry) and sine_beta [], the sine of the ecliptic latitude.
create or replace macro quality.zero_point_5_parameters(place, nu_eff, sine_beta) as
case when nu_eff is not null then 0.001 * (
    quality.between_nodes(
        [
            -26.98, -27.23, -30.33, -33.54, -13.65, -19.53, -37.99, -38.33, -31.05, -29.18, -18.4, -12.65, -18.22
        ]::double[],
        place
    )
    + quality.between_nodes(
        [-9.62, -3.07, -9.23, -10.08, -0.07, -1.64, 2.63, 5.61, 2.83, -0.09, 5.98, -4.57, -15.24]::double[], place
    ) * sine_beta
    + quality.between_nodes(
        [27.4, 23.04, 9.08, 13.28, 9.35, 15.86, 16.14, 15.42, 8.59, 2.41, -6.46, -7.46, -18.54]::double[], place
    ) * quality.latitude_square(sine_beta)
    + quality.between_nodes(
        [-25.1, 35.3, -88.4, -126.7, -111.4, -66.8, -5.7, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]::double[], place
    ) * quality.wavenumber_linear(nu_eff)
    + quality.between_nodes(
        [0.0, 15.7, -11.8, 11.6, 40.6, 20.6, 14.0, 18.7, 15.5, 24.5, 5.5, 97.9, 128.2]::double[], place
    ) * quality.wavenumber_linear(nu_eff) * sine_beta
    + quality.between_nodes(
        [
            -1257.0, -1257.0, -1257.0, -1257.0, -1257.0, -1257.0, -1257.0, -1189.0, -1404.0, -1165.0, 0.0, 0.0, 0.0
        ]::double[],
        place
    ) * quality.wavenumber_cubic(nu_eff)
    + quality.between_nodes(
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 107.9, 243.8, 105.5, 189.7, 0.0, 0.0, 0.0]::double[], place
    ) * quality.wavenumber_red(nu_eff)
    + quality.between_nodes(
        [0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 104.3, 155.2, 170.7, 325.0, 276.6, 0.0, 0.0]::double[], place
    ) * quality.wavenumber_blue(nu_eff)
) end;

-- [mas] Zero point of a six-parameter solution at a place of quality.zero_point_place, with its pseudocolour [um-1]
-- and sine_beta [], the sine of the ecliptic latitude.
create or replace macro quality.zero_point_6_parameters(place, pseudocolour, sine_beta) as
case when pseudocolour is not null then 0.001 * (
    quality.between_nodes(
        [
            -27.85, -28.91, -26.72, -29.04, -12.39, -18.99, -38.29, -36.83, -28.37, -24.68, -15.32, -13.73, -29.53
        ]::double[],
        place
    )
    + quality.between_nodes(
        [-7.78, -3.57, -8.74, -9.69, -2.16, -1.93, 2.59, 4.2, 1.99, -1.37, 4.01, -10.92, -20.34]::double[], place
    ) * sine_beta
    + quality.between_nodes(
        [27.47, 22.92, 9.36, 13.63, 10.23, 15.9, 16.2, 15.76, 9.28, 3.52, -6.03, -8.3, -18.74]::double[], place
    ) * quality.latitude_square(sine_beta)
    + quality.between_nodes(
        [-32.1, 7.7, -30.3, -49.4, -92.6, -57.2, -10.5, 22.3, 50.4, 86.8, 29.2, -74.4, -39.5]::double[], place
    ) * quality.wavenumber_linear(pseudocolour)
    + quality.between_nodes(
        [14.4, 12.6, 5.6, 36.3, 19.8, -8.0, 1.4, 11.1, 17.2, 19.8, 14.1, 196.4, 326.8]::double[], place
    ) * quality.wavenumber_linear(pseudocolour) * sine_beta
    + quality.between_nodes(
        [9.5, 1.6, 17.2, 17.7, 27.6, 19.9, 0.4, 10.0, 13.7, 21.3, 0.4, -42.0, -262.3]::double[], place
    ) * quality.wavenumber_linear(pseudocolour) * quality.latitude_square(sine_beta)
    + quality.between_nodes(
        [
            -67.0, -572.0, -1104.0, -1129.0, -365.0, -554.0, -960.0, -1367.0, -1351.0, -1380.0, -563.0, 536.0, 1598.0
        ]::double[],
        place
    ) * quality.wavenumber_cubic(pseudocolour)
) end;

-- [um-1] The effective wavenumber that a star of bp_rp [mag] has, where its own is not at hand; Lindegren et al.
-- 2021, A&A 649, A2, equation 3.
create or replace macro quality.wavenumber_of_colour(bp_rp) as 1.76 - 1.61 / pi() * atan(0.531 * bp_rp);

-- [] The sine of the ecliptic latitude of ra, dec [deg]; obliquity 84381.411 arcsec, as in Gaia's ecl_lat.
create or replace macro quality.sine_of_ecliptic_latitude(ra, dec) as
0.9174821334228558 * sphere.direction_z(dec) - 0.3977769913530006 * sphere.direction_y(ra, dec);

-- [mas] Parallax zero point of any star of Gaia (E)DR3, as gaiadr3-zeropoint's get_zpt, NULL for solutions that have
-- none, from g [mag], nu_eff_used_in_astrometry and pseudocolour [um-1], ecl_lat [deg] and astrometric_params_solved
-- (31 or 95); Lindegren et al. 2021, A&A 649, A4.
create or replace macro quality.gaia_dr3_parallax_zero_point(
    g, nu_eff_used_in_astrometry, pseudocolour, ecl_lat, astrometric_params_solved
) as
case astrometric_params_solved
    when 31
        then quality.zero_point_5_parameters(
            quality.zero_point_place(g), nu_eff_used_in_astrometry, sin(radians(ecl_lat))
        )
    when 95 then quality.zero_point_6_parameters(quality.zero_point_place(g), pseudocolour, sin(radians(ecl_lat)))
end;
