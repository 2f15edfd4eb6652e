-- Forward: magnitudes, extinction and colours from stellar parameters, and where they can be believed.
-- Inputs in K, dex of cm/s2 and dex; magnitudes Vega for Gaia, 2MASS and WISE, AB for Pan-STARRS1.
-- What cannot be a temperature in K, or a reddening, is an error rather than a number that looks like an answer.

-- [K] The same teff_k [K]; what cannot be a temperature in K is an error rather than a number that looks like an
-- answer.
create or replace macro photometry.in_kelvin(teff_k) as
case
    when teff_k < 100 then error('Teff = ' || teff_k || ' is not in K: photometry.* want Teff [K], log g, [Fe/H]')
    else teff_k
end;

-- [mag] The same reddening ebv [mag]; one below zero is an error.
create or replace macro photometry.not_negative(ebv) as
case
    when ebv < 0 then error('E = ' || ebv || ' mag is negative: give 0 or more, or NULL where it is not known')
    else ebv
end;

-- [mag] Absolute magnitudes, a struct by band, of a star of teff_k [K], logg and feh [dex]; Green et al. 2020.
create or replace macro photometry.absolute_magnitudes(teff_k, logg, feh) as
list_transform([photometry_net(photometry.in_kelvin(teff_k), logg, feh)], lambda n: case when n is not null then {
    'g': n.absolute_g, 'bp': n.absolute_bp, 'rp': n.absolute_rp,
    'ps1_g': n.absolute_ps1_g, 'ps1_r': n.absolute_ps1_r, 'ps1_i': n.absolute_ps1_i,
    'ps1_z': n.absolute_ps1_z, 'ps1_y': n.absolute_ps1_y,
    'j': n.absolute_j, 'h': n.absolute_h, 'ks': n.absolute_ks, 'w1': n.absolute_w1, 'w2': n.absolute_w2
} end)[1];

-- [mag] Extinctions, a struct by band, of a star of teff_k [K], logg and feh [dex] behind ebv [mag]: A_band =
-- R_band(Teff, log g, [Fe/H]) E; Green et al. 2020.
create or replace macro photometry.extinction(teff_k, logg, feh, ebv) as
list_transform([photometry_net(photometry.in_kelvin(teff_k), logg, feh)], lambda n: case
    when n is not null and photometry.not_negative(ebv) is not null then {
        'g': n.extinction_g * ebv, 'bp': n.extinction_bp * ebv, 'rp': n.extinction_rp * ebv,
        'ps1_g': n.extinction_ps1_g * ebv, 'ps1_r': n.extinction_ps1_r * ebv, 'ps1_i': n.extinction_ps1_i * ebv,
        'ps1_z': n.extinction_ps1_z * ebv, 'ps1_y': n.extinction_ps1_y * ebv,
        'j': n.extinction_j * ebv, 'h': n.extinction_h * ebv, 'ks': n.extinction_ks * ebv,
        'w1': n.extinction_w1 * ebv, 'w2': n.extinction_w2 * ebv
    }
end)[1];

-- [mag] Apparent magnitudes, a struct by band, of a star of teff_k [K], logg and feh [dex] behind ebv [mag] at a
-- distance modulus [mag]: m = M + R E + mu; Green et al. 2020, equation 2.
create or replace macro photometry.apparent_magnitudes(teff_k, logg, feh, ebv, modulus) as
list_transform([photometry_net(photometry.in_kelvin(teff_k), logg, feh)], lambda n: case
    when n is not null and photometry.not_negative(ebv) is not null and modulus is not null then {
        'g': n.absolute_g + n.extinction_g * ebv + modulus,
        'bp': n.absolute_bp + n.extinction_bp * ebv + modulus,
        'rp': n.absolute_rp + n.extinction_rp * ebv + modulus,
        'ps1_g': n.absolute_ps1_g + n.extinction_ps1_g * ebv + modulus,
        'ps1_r': n.absolute_ps1_r + n.extinction_ps1_r * ebv + modulus,
        'ps1_i': n.absolute_ps1_i + n.extinction_ps1_i * ebv + modulus,
        'ps1_z': n.absolute_ps1_z + n.extinction_ps1_z * ebv + modulus,
        'ps1_y': n.absolute_ps1_y + n.extinction_ps1_y * ebv + modulus,
        'j': n.absolute_j + n.extinction_j * ebv + modulus,
        'h': n.absolute_h + n.extinction_h * ebv + modulus,
        'ks': n.absolute_ks + n.extinction_ks * ebv + modulus,
        'w1': n.absolute_w1 + n.extinction_w1 * ebv + modulus,
        'w2': n.absolute_w2 + n.extinction_w2 * ebv + modulus
    }
end)[1];

-- [mag] The synthetic colour blue - red, bands by their names, of a star of teff_k [K], logg and feh [dex] behind
-- ebv [mag]; the star's own for ebv = 0.
create or replace macro photometry.colour(blue, red, teff_k, logg, feh, ebv) as
list_transform(
    [photometry_net(photometry.in_kelvin(teff_k), logg, feh)],
    lambda n: struct_extract(n, 'absolute_' || blue) - struct_extract(n, 'absolute_' || red)
    + photometry.not_negative(ebv)
    * (struct_extract(n, 'extinction_' || blue) - struct_extract(n, 'extinction_' || red))
)[1];

-- [] The product of quantities i and j (from 0) of photometry.normal_matrix_at, from its products, at a reddening ebv [mag]:
-- the first three are label errors, each the sum of its effect on the magnitude and ebv times that on the extinction.
create or replace macro photometry.product_at(products, i, j, ebv) as
case
    when i < 3 and j < 3
        then
            products[9 * i + j + 1]
            + ebv * (products[9 * (i + 3) + j + 1] + products[9 * i + j + 4])
            + ebv * ebv * products[9 * (i + 3) + j + 4]
    when i < 3 then products[9 * i + j + 4] + ebv * products[9 * (i + 3) + j + 4]
    when j < 3 then products[9 * (i + 3) + j + 1] + ebv * products[9 * (i + 3) + j + 4]
    else products[9 * (i + 3) + j + 4]
end;

-- [mag] What one standard deviation of a label error does to a magnitude: label_error [mag] to the absolute one, and
-- per_ebv [] to the extinction, at a reddening ebv [mag]; Green et al. 2020, equation 4.
create or replace macro photometry.label_error_at(label_error, per_ebv, ebv) as label_error + per_ebv * ebv;

-- [] The normal matrix of three label errors, distance modulus, E and residual of a star at a reddening ebv [mag], row by
-- row; products is that of the label errors' effects on magnitudes and on extinction per E, the modulus, E and the
-- residual, modulus_precision [mag-2] of the modulus. Equations 4 and 8 of Green et al. 2020.
create or replace macro photometry.normal_matrix_at(products, modulus_precision, ebv) as
list_transform(
    range(36),
    lambda p: photometry.product_at(products, p // 6, p % 6, ebv)
    + case when p in (0, 7, 14) then 1 when p = 21 then modulus_precision else 0 end
);

-- [mag] E by equations 8 and 9 of Green et al. 2020 from matrix, photometry.normal_matrix_at without its first four
-- unknowns; ebv_prior and ebv_prior_error [mag].
create or replace macro photometry.ebv_of(matrix, ebv_prior, ebv_prior_error) as
greatest(
    0,
    least(
        cuts.green_max_ebv(),
        (matrix[30] + ebv_prior / pow(ebv_prior_error, 2)) / (matrix[29] + 1 / pow(ebv_prior_error, 2))
    )
);

-- [] A star by what Gaia measured of it: parallax and parallax_error [mas] to five decimals are two stars' once in a million.
create or replace macro photometry.measured_name(parallax, parallax_error) as
'parallax ' || format('{:.5f} +- {:.5f}', parallax::double, parallax_error::double);

-- [] Tenth of a star, 0 to 9, by the MD5 of its identifier star_id: networks are trained on 0 to 6, chosen by 7 and
-- 8, judged by 9.
create or replace macro photometry.split_bucket(star_id) as ('0x' || left(md5(star_id::varchar), 8))::bigint % 10;

-- [boolean] A struct: whether colours with each band can be believed of a star of teff_k [K], logg and feh [dex],
-- `magnitude` for absolute magnitudes; Green et al. 2020, section 6.
create or replace macro photometry.is_valid(teff_k, logg, feh) as
list_transform(
    [photometry_density_net(photometry.in_kelvin(teff_k), logg, feh)], lambda d: case when d is not null then {
        'magnitude': d.density_parallax >= cuts.green_min_density_magnitude(),
        'g': d.density_g >= cuts.green_min_density_colour(),
        'bp': d.density_bp >= cuts.green_min_density_colour(),
        'rp': d.density_rp >= cuts.green_min_density_colour(),
        'ps1_g': d.density_ps1_g >= cuts.green_min_density_colour(),
        'ps1_r': d.density_ps1_r >= cuts.green_min_density_colour(),
        'ps1_i': d.density_ps1_i >= cuts.green_min_density_colour(),
        'ps1_z': d.density_ps1_z >= cuts.green_min_density_colour(),
        'ps1_y': d.density_ps1_y >= cuts.green_min_density_colour(),
        'j': d.density_j >= cuts.green_min_density_colour(),
        'h': d.density_h >= cuts.green_min_density_colour(),
        'ks': d.density_ks >= cuts.green_min_density_colour(),
        'w1': d.density_w1 >= cuts.green_min_density_colour(),
        'w2': d.density_w2 >= cuts.green_min_density_colour()
    } end
)[1];
