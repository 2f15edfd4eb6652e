-- Magnitude systems, distance moduli and extinction. AB - Vega of a band stands in photometric.band_table alone.

-- [mag] AB magnitude minus Vega magnitude in the band band_name.
create or replace macro photometric.ab_minus_vega(band_name) as
list_filter(photometric.band_table(), lambda b: b.band = band_name)[1].ab_minus_vega::double;

-- [mag] AB magnitude of vega_magnitude [mag] in the band band_name.
create or replace macro photometric.ab_from_vega(band_name, vega_magnitude) as
vega_magnitude + photometric.ab_minus_vega(band_name);

-- [mag] Vega magnitude of ab_magnitude [mag] in the band band_name.
create or replace macro photometric.vega_from_ab(band_name, ab_magnitude) as
ab_magnitude - photometric.ab_minus_vega(band_name);

-- [] The system, AB or Vega, that the networks have for the band band_name.
create or replace macro photometric.system_of(band_name) as
list_filter(photometric.band_table(), lambda b: b.band = band_name)[1].system;

-- [mag] A magnitude [mag] that a table holds in magnitude_system (AB or Vega), in the system that the networks have
-- for the band band_name.
create or replace macro photometric.in_model_system(band_name, magnitude_system, magnitude) as
case
    when magnitude_system = photometric.system_of(band_name) then magnitude
    when magnitude_system = 'AB' then photometric.vega_from_ab(band_name, magnitude)
    when magnitude_system = 'Vega' then photometric.ab_from_vega(band_name, magnitude)
end;

-- [mag] The same for a column column_name that photometric.bands names: magnitude [mag] in magnitude_system, in the
-- system of the networks.
create or replace macro photometric.column_in_model_system(column_name, magnitude_system, magnitude) as
case
    when photometric.band_of_column(column_name) is null
        then error(
            'AB - Vega of ' || column_name || ' is not known: convert it from ' || magnitude_system || ' first'
        )
    else photometric.in_model_system(photometric.band_of_column(column_name), magnitude_system, magnitude)
end;

-- [] The band whose magnitude stands in the column column_name.
create or replace macro photometric.band_of_column(column_name) as
list_filter(photometric.band_table(), lambda b: b.magnitude_column = column_name)[1].band;

-- [mag] Distance modulus of distance_kpc [kpc]; NULL unless above 0.
create or replace macro photometric.distance_modulus(distance_kpc) as
case when distance_kpc > 0 then 5 * log10(distance_kpc) + 10 end;

-- [kpc] Distance of a modulus [mag].
create or replace macro photometric.distance_kpc(modulus) as pow(10, modulus / 5 - 2);

-- [mag] Distance modulus of parallax_mas [mas], without the second-order term of Green et al. 2020, appendix A; NULL
-- unless above 0.
create or replace macro photometric.parallax_modulus(parallax_mas) as
case when parallax_mas > 0 then 10 - 5 * log10(parallax_mas) end;

-- [mag] Standard error of the modulus of parallax_mas [mas] with parallax_mas_error [mas], to first order.
create or replace macro photometric.parallax_modulus_error(parallax_mas, parallax_mas_error) as
case when parallax_mas > 0 then 5 / ln(10) * parallax_mas_error / parallax_mas end;

-- [mag] Absolute magnitude of apparent_magnitude, modulus and extinction [mag].
create or replace macro photometric.absolute_magnitude(apparent_magnitude, modulus, extinction) as
apparent_magnitude - modulus - extinction;

-- [mag] Apparent magnitude of absolute_magnitude, modulus and extinction [mag].
create or replace macro photometric.apparent_magnitude(absolute_magnitude, modulus, extinction) as
absolute_magnitude + modulus + extinction;

-- [mag] A survey's magnitude_error [mag] with the floor of Green et al. 2020, section 3.2.
create or replace macro photometric.floored_error(magnitude_error) as
stats.hypot(magnitude_error, cuts.green_magnitude_floor());

-- [mag] Standard error of a magnitude from flux_over_error [], a flux over its error.
create or replace macro photometric.flux_ratio_error(flux_over_error) as
case when flux_over_error > 0 then 2.5 / ln(10) / flux_over_error end;

-- [mag] G - RP of a giant by its bp_rp [mag], NULL beyond 0.7 to 2.2: a polynomial through the 2,331 Kepler giants that have all three
-- bands (robust scatter 0.002); the network for any bands learnt from magnitudes made so.
create or replace macro photometric.giant_g_rp(bp_rp) as
case when bp_rp between 0.7 and 2.2 then photometric.cubic(0.05424, 0.59775, -0.06613, 0, bp_rp) end;
