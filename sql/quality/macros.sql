-- The cuts of Lucey et al. 2020, section 2.2, as functions, so that any table with the flags can be judged.
create or replace macro quality.g_error(flux_over_error) as
stats.hypot(2.5 / ln(10) / flux_over_error, cuts.g_zero_point_error());

create or replace macro quality.g_error_ratio(g_error, g) as
(g_error - cuts.g_zero_point_error()) / g;

create or replace macro quality.passes_excess_factor(excess_factor, bp_rp) as
excess_factor > cuts.excess_factor_low() + cuts.excess_factor_low_slope() * bp_rp * bp_rp
and excess_factor < cuts.excess_factor_high() + cuts.excess_factor_high_slope() * bp_rp * bp_rp;

create or replace macro quality.passes_letters(ph_qual, wanted) as
starts_with(ph_qual, wanted);
