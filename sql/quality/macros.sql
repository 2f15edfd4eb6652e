-- The cuts of Lucey et al. 2020, section 2.2, as functions, so that any table with the flags can be judged.

-- [mag] Standard error of a Gaia magnitude, from flux_over_error [] and its zero point's error zero_point_error [mag];
-- Lucey et al. 2020, footnote 6.
create or replace macro quality.magnitude_error(flux_over_error, zero_point_error) as
case when flux_over_error > 0 then stats.hypot(2.5 / ln(10) / flux_over_error, zero_point_error) end;

-- [] Error of G without the zero point's over G, of g_error [mag], g [mag] and zero_point_error [mag]; Lucey et al.
-- 2020, section 2.2 (iv).
create or replace macro quality.g_error_ratio(g_error, g, zero_point_error) as
(g_error - zero_point_error) / g;

-- [boolean] Whether the flux excess factor excess_factor [] is that of a single star of colour bp_rp [mag]; Lucey et
-- al. 2020, section 2.2 (i).
create or replace macro quality.passes_excess_factor(excess_factor, bp_rp) as
excess_factor > cuts.excess_factor_low() + cuts.excess_factor_low_slope() * bp_rp * bp_rp
and excess_factor < cuts.excess_factor_high() + cuts.excess_factor_high_slope() * bp_rp * bp_rp;

-- [boolean] Whether the flux excess factor excess_factor [] of a star of colour bp_rp [mag] passes wherever its cuts are moved
-- to, as far as the tightest.
create or replace macro quality.surely_passes_excess_factor(excess_factor, bp_rp) as
excess_factor > greatest(cuts.excess_factor_low(), cuts.tightest_excess_factor_low())
+ greatest(cuts.excess_factor_low_slope(), cuts.tightest_excess_factor_low_slope()) * bp_rp * bp_rp
and excess_factor < least(cuts.excess_factor_high(), cuts.tightest_excess_factor_high())
+ least(cuts.excess_factor_high_slope(), cuts.tightest_excess_factor_high_slope()) * bp_rp * bp_rp;

-- [boolean] Whether the RUWE ruwe_given [] is that of a single star; Lucey et al. 2020, section 2.2 (ii).
create or replace macro quality.passes_ruwe(ruwe_given) as coalesce(ruwe_given < cuts.max_ruwe(), false);

-- [boolean] Whether the error ratio error_ratio [] of G is that of a star that does not saturate; Lucey et al. 2020,
-- section 2.2 (iv).
create or replace macro quality.passes_saturation(error_ratio) as
coalesce(error_ratio < cuts.max_g_error_ratio(), false);

-- [boolean] The outcomes that a cut may have for a measurement, wherever it is moved to, a list: is_judged tells whether it has
-- any, is_sure whether the measurement passes in any case, is_known whether it can pass at all.
create or replace macro quality.outcomes(is_judged, is_sure, is_known) as
case
    when not is_judged then [null::boolean]
    when is_sure then [true]
    when is_known then [true, false]
    else [false]
end;

-- [boolean] Whether a cut that passes [boolean] a measurement has this outcome [boolean], of those of quality.outcomes.
create or replace macro quality.is_outcome(outcome, passes) as outcome is null or outcome = passes;

-- [boolean] Whether the photometric quality letters ph_qual start with those wanted; Lucey et al. 2020, section 2.2
-- (iii).
create or replace macro quality.passes_letters(ph_qual, wanted) as
starts_with(ph_qual, wanted);

-- [] C* = C - f(BP - RP), 0 for a single star whose BP and RP are as clean as its G, of the flux excess factor
-- excess_factor [] and colour bp_rp [mag] of (E)DR3; Riello et al. 2021, equation 6 and table 2.
create or replace macro quality.corrected_excess_factor(excess_factor, bp_rp) as
excess_factor - case
    when bp_rp < 0.5 then 1.154360 + 0.033772 * bp_rp + 0.032277 * pow(bp_rp, 2)
    when bp_rp < 4 then 1.162004 + 0.011464 * bp_rp + 0.049255 * pow(bp_rp, 2) - 0.005879 * pow(bp_rp, 3)
    else 1.057572 + 0.140537 * bp_rp
end;

-- [] Scatter of C* of good stars by magnitude g [mag]; Riello et al. 2021, equation 18.
create or replace macro quality.corrected_excess_factor_scatter(g) as 0.0059898 + 8.817481e-12 * pow(g, 7.618399);

-- [boolean] Whether the quality letter of one band, in its place [] of ph_qual counted from 1, is that wanted; a band without a
-- letter does not pass.
create or replace macro quality.passes_letter(ph_qual, wanted, place) as
coalesce(substr(ph_qual, place, 1) = substr(wanted, place, 1), false);
