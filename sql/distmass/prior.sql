-- Distances from parallaxes with an exponentially decreasing space density; Bailer-Jones 2015, section 7; Bailer-Jones et
-- al. 2018, equation 2. The density of distance r [kpc] is r^2 exp(-r / L) times the likelihood of the parallax [mas].

-- [kpc2] Coefficient p of the cubic of a parallax w [mas] with error s [mas] and length l [kpc]. The mode is a root
-- of r^3 / L - 2 r^2 + w r / s^2 - 1 / s^2 = 0: with r = t + 2 L / 3, t^3 - 3 p t - 2 q = 0.
create or replace macro distmass.prior_p(w, s, l) as 4 * l * l / 9 - w * l / (3 * s * s);

-- [kpc3] Coefficient q of the same cubic of a parallax w [mas] with error s [mas] and length l [kpc].
create or replace macro distmass.prior_q(w, s, l) as
8 * l * l * l / 27 - w * l * l / (3 * s * s) + l / (2 * s * s);

-- [kpc] A root t of t^3 - 3 p t - 2 q = 0, p [kpc2] and q [kpc3]: the smallest positive one of r where `smallest` (a
-- parallax above zero), else the only positive one, which is the largest.
create or replace macro distmass.cubic_root(p, q, smallest) as
case
    when q * q > p * p * p then cbrt(q + sqrt(q * q - p * p * p)) + cbrt(q - sqrt(q * q - p * p * p))
    when smallest then 2 * sqrt(p) * cos((acos(greatest(least(q / (p * sqrt(p)), 1), -1)) + 2 * pi()) / 3)
    else 2 * sqrt(p) * cos(acos(greatest(least(q / (p * sqrt(p)), 1), -1)) / 3)
end;

-- [kpc] Mode of the posterior of a star's distance from parallax_mas [mas], parallax_error_mas [mas] and the scale
-- length_kpc [kpc]; Bailer-Jones et al. 2018, equation 2.
create or replace macro distmass.weak_prior_distance(parallax_mas, parallax_error_mas, length_kpc) as
2 * length_kpc / 3 + distmass.cubic_root(
    distmass.prior_p(parallax_mas::double, parallax_error_mas::double, length_kpc::double),
    distmass.prior_q(parallax_mas::double, parallax_error_mas::double, length_kpc::double),
    parallax_mas > 0
);

-- [] Logarithm of the posterior density at r [kpc] of parallax_mas [mas], parallax_error_mas [mas] and length_kpc
-- [kpc], not normalised.
create or replace macro distmass.log_prior_density(r, parallax_mas, parallax_error_mas, length_kpc) as
2 * ln(r) - r / length_kpc - 0.5 * pow((parallax_mas - 1 / r) / parallax_error_mas, 2);

-- [kpc] Standard deviation of the distance by the curvature of that logarithm at the mode r [kpc], of parallax_mas
-- [mas] and parallax_error_mas [mas].
create or replace macro distmass.weak_prior_error(r, parallax_mas, parallax_error_mas) as
1 / sqrt(greatest(
    2 / (r * r) + (3 / pow(r, 4) - 2 * parallax_mas / pow(r, 3)) / (parallax_error_mas * parallax_error_mas), 1e-9
));
