-- The cuts of Lucey et al. 2020, section 2.2, as functions, so that any table with the flags can be judged.
create or replace macro quality.magnitude_error(flux_over_error, zero_point_error) as
case when flux_over_error > 0 then stats.hypot(2.5 / ln(10) / flux_over_error, zero_point_error) end;

create or replace macro quality.g_error_ratio(g_error, g, zero_point_error) as
(g_error - zero_point_error) / g;

create or replace macro quality.passes_excess_factor(excess_factor, bp_rp) as
excess_factor > cuts.excess_factor_low() + cuts.excess_factor_low_slope() * bp_rp * bp_rp
and excess_factor < cuts.excess_factor_high() + cuts.excess_factor_high_slope() * bp_rp * bp_rp;

create or replace macro quality.passes_letters(ph_qual, wanted) as
starts_with(ph_qual, wanted);

-- C* = C - f(BP - RP), 0 for a single star whose BP and RP are as clean as its G, and its scatter; Riello et al. 2021, equations 6 and
-- 18 and table 2. Of (E)DR3 magnitudes.
create or replace macro quality.corrected_excess_factor(excess_factor, bp_rp) as
excess_factor - case
    when bp_rp < 0.5 then 1.154360 + 0.033772 * bp_rp + 0.032277 * pow(bp_rp, 2)
    when bp_rp < 4 then 1.162004 + 0.011464 * bp_rp + 0.049255 * pow(bp_rp, 2) - 0.005879 * pow(bp_rp, 3)
    else 1.057572 + 0.140537 * bp_rp
end;
create or replace macro quality.corrected_excess_factor_scatter(g) as 0.0059898 + 8.817481e-12 * pow(g, 7.618399);
