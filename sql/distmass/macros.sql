-- The DistMass networks as functions of Teff [K], log g, [M/H], [C/Fe], [N/Fe], and what goes into their labels.

-- [] 'test', 'validation' or 'train' of a bucket, 0 to 24.
create or replace macro distmass.split(bucket) as
case when bucket < 5 then 'test' when bucket < 9 then 'validation' else 'train' end;

-- [] The names by which the training stars of DistMass are listed, of spectrum_id and apogee_id.
create or replace macro distmass.names(spectrum_id, apogee_id) as [spectrum_id, 'apogee:' || apogee_id];
-- [boolean] Whether apogee_id is a name with a position in it.
create or replace macro distmass.has_place(apogee_id) as
coalesce(regexp_full_match(apogee_id, '2M[0-9]{8}[+-][0-9]{7}'), false);
-- [deg] The right ascension ra [deg], or that of apogee_id where it is missing.
create or replace macro distmass.ra_or_that_of_name(ra, apogee_id) as
case when ra is not null then ra when distmass.has_place(apogee_id) then distmass.ra_of_name(apogee_id) end;
-- [deg] The declination dec [deg], or that of apogee_id where it is missing.
create or replace macro distmass.dec_or_that_of_name(dec, apogee_id) as
case when dec is not null then dec when distmass.has_place(apogee_id) then distmass.dec_of_name(apogee_id) end;
-- [boolean] Whether the networks were trained on a star with the names spectrum_id and apogee_id at ra, dec [deg]; NULL
-- without a place, since a star may have other names elsewhere.
create or replace macro distmass.was_seen(spectrum_id, apogee_id, ra, dec) as
coalesce(
    nullif(main.trained_on_name('distmass', spectrum_id), false),
    nullif(main.trained_on_name('distmass', 'apogee:' || apogee_id), false),
    main.trained_on(
        'distmass', distmass.ra_or_that_of_name(ra, apogee_id), distmass.dec_or_that_of_name(dec, apogee_id)
    )
);

-- [] What the errors of masses are multiplied by at logg [dex]: the ensemble's are too small for luminous giants.
create or replace macro distmass.mass_error_factor(logg) as
case when logg < cuts.distmass_luminous_logg() then cuts.distmass_luminous_mass_error() else 1 end;

-- [boolean] Whether label_mass [Msun] is used: its error label_mass_error [Msun] is small, or its table gives none;
-- Stone-Martinez et al. 2024, section 5.3.
create or replace macro distmass.is_precise(label_mass, label_mass_error) as
coalesce(label_mass_error / label_mass <= cuts.distmass_max_mass_error_ratio(), true);

-- [boolean] Whether the network of mass has seen stars of teff_k [K], logg, m_h, c_fe and n_fe [dex]; Stone-Martinez
-- et al. 2024, section 5.3.
create or replace macro distmass.in_training_space(teff_k, logg, m_h, c_fe, n_fe) as
distmass_net(teff_k, logg, m_h, c_fe, n_fe).log_density_apokasc2 >= cuts.distmass_min_log_density();

-- [boolean] Whether the network of distance has seen stars of teff_k [K], logg, m_h, c_fe and n_fe [dex];
-- Stone-Martinez et al. 2024, section 5.3.
create or replace macro distmass.in_distance_space(teff_k, logg, m_h, c_fe, n_fe) as
distmass_net(teff_k, logg, m_h, c_fe, n_fe).log_density >= cuts.distmass_min_log_density();

-- [mag] Absolute Ks of a giant of teff_k [K], logg, m_h, c_fe and n_fe [dex], NULL outside the training space;
-- Stone-Martinez et al. 2024. (The list of one element names the network's result, so that its SQL form stands there
-- once.)
create or replace macro distmass.absolute_k(teff_k, logg, m_h, c_fe, n_fe) as
list_transform(
    [distmass_net(teff_k, logg, m_h, c_fe, n_fe)],
    lambda v: case when v.log_density >= cuts.distmass_min_log_density() then v.absolute_k_mag end
)[1];

-- [solMass] Mass on the scale of APOKASC-2 of a giant of teff_k [K], logg, m_h, c_fe and n_fe [dex], NULL outside
-- the training space; Stone-Martinez et al. 2024.
create or replace macro distmass.mass_apokasc2(teff_k, logg, m_h, c_fe, n_fe) as
list_transform(
    [distmass_net(teff_k, logg, m_h, c_fe, n_fe)],
    lambda v: case when v.log_density_apokasc2 >= cuts.distmass_min_log_density() then v.mass_apokasc2_msun end
)[1];

-- [solMass] Mass on the scale of APOKASC-3 of a giant of teff_k [K], logg, m_h, c_fe and n_fe [dex], NULL outside
-- the training space; Stone-Martinez et al. 2024.
create or replace macro distmass.mass_apokasc3(teff_k, logg, m_h, c_fe, n_fe) as
list_transform(
    [distmass_net(teff_k, logg, m_h, c_fe, n_fe)],
    lambda v: case when v.log_density_apokasc3 >= cuts.distmass_min_log_density() then v.mass_apokasc3_msun end
)[1];

-- [solMass] Mass of a giant of teff_k [K], logg, m_h, c_fe and n_fe [dex] as in the catalogue:
-- distmass.mass_apokasc2.
create or replace macro distmass.mass(teff_k, logg, m_h, c_fe, n_fe) as
distmass.mass_apokasc2(teff_k, logg, m_h, c_fe, n_fe);

-- [dex(yr)] Age of a giant of initial mass mass_msun [Msun], m_h and alpha_m [dex] (0 if NULL); NULL outside 0.8-8
-- Msun and -0.5 to 0.5 dex; Stone-Martinez et al. 2024, section 6.1.
create or replace macro distmass.log10_age(mass_msun, m_h, alpha_m) as
case
    when
        mass_msun between cuts.distmass_min_mass_age() and cuts.distmass_max_mass_age()
        and abs(m_h) <= cuts.distmass_max_abs_feh_age()
        then distmass_log_age_net(mass_msun, m_h, coalesce(alpha_m, 0)).log_age
end;

-- [dex(yr)] The same at the mass mass_msun + change_msun [Msun], of m_h and alpha_m [dex], no less than the least of
-- an age; NULL where the mass itself has none.
create or replace macro distmass.log10_age_beside(mass_msun, change_msun, m_h, alpha_m) as
case
    when mass_msun >= cuts.distmass_min_mass_age() and change_msun is not null
        then distmass.log10_age(greatest(mass_msun + change_msun, cuts.distmass_min_mass_age()), m_h, alpha_m)
end;

-- [Gyr] Age of a giant of initial mass mass_msun [Msun], m_h and alpha_m [dex]; as distmass.log10_age.
create or replace macro distmass.age(mass_msun, m_h, alpha_m) as
pow(10, distmass.log10_age(mass_msun, m_h, alpha_m) - 9);

-- [] The variance that an input_error adds to an output of this slope beyond what the training stars' own
-- reference_error has put there; in the output's unit squared, both errors in the input's.
create or replace macro distmass.added_variance(slope, input_error, reference_error) as
coalesce(slope * slope * greatest(input_error * input_error - reference_error * reference_error, 0), 0);

-- [] The mean of two values a and b by their errors a_error and b_error, all of one unit; the one that is there
-- where the other is missing.
create or replace macro distmass.weighted_mean(a, a_error, b, b_error) as
coalesce(
    (a / (a_error * a_error) + b / (b_error * b_error)) / (1 / (a_error * a_error) + 1 / (b_error * b_error)), a, b
);

-- [deg] Right ascension in a 2MASS-style name such as 2M19205338+3748282.
create or replace macro distmass.ra_of_name(name) as
15 * (name[3:4]::integer + name[5:6]::integer / 60 + name[7:10]::integer / 360000);

-- [deg] Declination in a 2MASS-style name such as 2M19205338+3748282.
create or replace macro distmass.dec_of_name(name) as
case when name[11] = '-' then -1 else 1 end
* (name[12:13]::integer + name[14:15]::integer / 60 + name[16:18]::integer / 36000);

-- [dex(yr)] Age by [C/N] of star clusters, c_n [dex] of DR17; Spoo et al. 2022.
create or replace macro distmass.spoo_log_age(c_n) as 10.14 + 2.23 * c_n;
