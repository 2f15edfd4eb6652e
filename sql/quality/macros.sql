-- The cuts of Lucey et al. 2020, section 2.2, as functions, so that any table with the flags can be judged.

-- [mag] Standard error of G with the zero point's, from flux_over_error [] of Gaia DR2; Lucey et al. 2020, footnote
-- 6.
create or replace macro quality.g_error(flux_over_error) as
stats.hypot(2.5 / ln(10) / flux_over_error, cuts.g_zero_point_error());

-- [] Error of G without the zero point's over G, of g_error [mag] and g [mag]; Lucey et al. 2020, section 2.2 (iv).
create or replace macro quality.g_error_ratio(g_error, g) as
(g_error - cuts.g_zero_point_error()) / g;

-- [boolean] Whether the flux excess factor excess_factor [] is that of a single star of colour bp_rp [mag]; Lucey et
-- al. 2020, section 2.2 (i).
create or replace macro quality.passes_excess_factor(excess_factor, bp_rp) as
excess_factor > cuts.excess_factor_low() + cuts.excess_factor_low_slope() * bp_rp * bp_rp
and excess_factor < cuts.excess_factor_high() + cuts.excess_factor_high_slope() * bp_rp * bp_rp;

-- [boolean] Whether the photometric quality letters ph_qual start with those wanted; Lucey et al. 2020, section 2.2
-- (iii).
create or replace macro quality.passes_letters(ph_qual, wanted) as
starts_with(ph_qual, wanted);
