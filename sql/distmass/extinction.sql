-- Extinction in Ks and distances from magnitudes. Magnitudes are 2MASS, IRAC and WISE (Vega).

-- [mag] A(Ks) by the Rayleigh-Jeans colour excess of h_mag [mag] and IRAC irac_4_5_mag [mag]; Majewski et al. 2011.
create or replace macro distmass.rjce_irac(h_mag, irac_4_5_mag) as
cuts.distmass_rjce_slope() * (h_mag - irac_4_5_mag - cuts.distmass_rjce_irac_colour());

-- [mag] A(Ks) by the Rayleigh-Jeans colour excess of h_mag [mag] and W2 wise_4_5_mag [mag]; Majewski et al. 2011,
-- zero point of W2 by Zasowski et al. 2013.
create or replace macro distmass.rjce_wise(h_mag, wise_4_5_mag) as
cuts.distmass_rjce_slope() * (h_mag - wise_4_5_mag - cuts.distmass_rjce_wise_colour());

-- [mag] A(Ks) of sfd_ebv [mag], the reddening by SFD.
create or replace macro distmass.extinction_sfd(sfd_ebv) as cuts.distmass_a_k_over_ebv() * sfd_ebv;

-- [] Which extinction a star gets, 'SFD', 'RJCE_IRAC', 'RJCE_WISE' or 'none', by its latitude b [deg] and which of
-- h_mag, irac_4_5_mag, wise_4_5_mag and sfd_ebv [mag] there are; where the one for its latitude is missing, the
-- other; Stone-Martinez et al. 2024, section 2.
create or replace macro distmass.extinction_method(b, h_mag, irac_4_5_mag, wise_4_5_mag, sfd_ebv) as
case
    when sfd_ebv is not null and abs(b) >= cuts.distmass_max_abs_b_rjce() then 'SFD'
    when h_mag is not null and irac_4_5_mag is not null then 'RJCE_IRAC'
    when h_mag is not null and wise_4_5_mag is not null then 'RJCE_WISE'
    when sfd_ebv is not null then 'SFD'
    else 'none'
end;

-- [mag] A(Ks) by that method from h_mag, irac_4_5_mag, wise_4_5_mag and sfd_ebv [mag], not below zero; zero where
-- there is none.
create or replace macro distmass.extinction(method, h_mag, irac_4_5_mag, wise_4_5_mag, sfd_ebv) as
case method
    when 'SFD' then greatest(distmass.extinction_sfd(sfd_ebv), 0)
    when 'RJCE_IRAC' then greatest(distmass.rjce_irac(h_mag, irac_4_5_mag), 0)
    when 'RJCE_WISE' then greatest(distmass.rjce_wise(h_mag, wise_4_5_mag), 0)
    when 'none' then 0
end;

-- [kpc] Distance of a star of k_mag [mag], extinction a_k [mag] and absolute magnitude absolute_k [mag].
create or replace macro distmass.distance_kpc(k_mag, a_k, absolute_k) as pow(10, (k_mag - a_k - absolute_k) / 5 - 2);

-- [mag] Absolute Ks of a star of k_mag [mag] and extinction a_k [mag] at distance_kpc [kpc].
create or replace macro distmass.magnitude_at(k_mag, a_k, distance_kpc) as k_mag - a_k - 5 * log10(distance_kpc) - 10;
