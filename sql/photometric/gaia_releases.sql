-- What Gaia (E)DR3 gives a star in a band minus what DR2 gives it, by BP - RP [mag] of one of the two; beyond the ends
-- of its range that of the end. Written by docs/make_passband_transformations.py, which says how.

-- [mag] A colour [mag], BP - RP, within the range of the transformations: beyond its ends that of the end.
create or replace macro photometric.within_colours(colour) as
case when colour is not null then greatest(0.2, least(2.4, colour))::double end;

-- [mag] The polynomial of coefficients a, b, c, d at a colour [mag], BP - RP.
create or replace macro photometric.cubic(a, b, c, d, colour) as
a + photometric.within_colours(colour) * (
    b + photometric.within_colours(colour) * (c + photometric.within_colours(colour) * d)
);

-- [mag] Magnitude of Gaia (E)DR3 minus that of DR2 in the band band_name, by bp_rp_dr2 [mag].
create or replace macro photometric.gaia_dr3_minus_dr2_by_dr2(band_name, bp_rp_dr2) as
case band_name
    when 'g' then photometric.cubic(-0.01000, 0.00130, -0.00227, 0.00198, bp_rp_dr2)
    when 'bp' then photometric.cubic(0.01302, -0.01481, -0.00125, 0.00116, bp_rp_dr2)
    when 'rp' then photometric.cubic(0.02076, -0.00899, 0.00012, -0.00001, bp_rp_dr2)
end;

-- [mag] Magnitude of Gaia (E)DR3 minus that of DR2 in the band band_name, by bp_rp_dr3 [mag].
create or replace macro photometric.gaia_dr3_minus_dr2_by_dr3(band_name, bp_rp_dr3) as
case band_name
    when 'g' then photometric.cubic(-0.00992, 0.00092, -0.00190, 0.00190, bp_rp_dr3)
    when 'bp' then photometric.cubic(0.01307, -0.01506, -0.00104, 0.00112, bp_rp_dr3)
    when 'rp' then photometric.cubic(0.02083, -0.00897, 0.00003, 0.00002, bp_rp_dr3)
end;

-- [mag] A magnitude [mag] of DR2 in the band band_name as (E)DR3 would have it; blue_minus_red [mag] is BP - RP of
-- DR2.
create or replace macro photometric.gaia_dr2_to_dr3(band_name, magnitude, blue_minus_red) as
magnitude + photometric.gaia_dr3_minus_dr2_by_dr2(band_name, blue_minus_red);

-- [mag] A magnitude [mag] of (E)DR3 in the band band_name as DR2 would have it; blue_minus_red [mag] is BP - RP of
-- (E)DR3.
create or replace macro photometric.gaia_dr3_to_dr2(band_name, magnitude, blue_minus_red) as
magnitude - photometric.gaia_dr3_minus_dr2_by_dr3(band_name, blue_minus_red);

-- [mag] A magnitude [mag] in the band band_name from the passbands given to those wanted, as a survey file or a
-- model names them; blue_minus_red [mag] is BP - RP of the magnitude's own release, that of a giant where it is not known.
create or replace macro photometric.in_gaia_passband(band_name, given, wanted, magnitude, blue_minus_red) as
case
    when given = wanted then magnitude
    when given = 'Gaia DR3' and wanted = 'Gaia DR2'
        then photometric.gaia_dr3_to_dr2(band_name, magnitude, coalesce(blue_minus_red, cuts.assumed_bp_rp()))
    when given = 'Gaia DR2' and wanted = 'Gaia DR3'
        then photometric.gaia_dr2_to_dr3(band_name, magnitude, coalesce(blue_minus_red, cuts.assumed_bp_rp()))
    when given is not null then error('no transformation from the passbands of ' || given || ' to ' || wanted)
end;
