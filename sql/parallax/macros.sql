-- What the views of this folder share: cuts (6), (7) and (10) of Hogg et al. 2018, and how errors of magnitudes are made.
create or replace macro parallax.passes_jk(j, k, bp, rp) as
j - k < cuts.hogg_jk_intercept() + cuts.hogg_jk_slope() * (bp - rp);

create or replace macro parallax.passes_h_w2(h, w2) as h - w2 > cuts.hogg_min_h_w2();

create or replace macro parallax.astrometric_chi(chi2_al, n_good_obs_al) as
chi2_al / sqrt(nullif(greatest(n_good_obs_al - 5, 0), 0));

-- Standard error of a magnitude from a flux over its error.
create or replace macro parallax.magnitude_error(flux_over_error) as 2.5 / ln(10) / flux_over_error;

-- 1 over the sum of 1 over each variance; what is not known does not count.
create or replace macro parallax.combined_error(error_1, error_2) as
1 / sqrt(coalesce(1 / (error_1 * error_1), 0) + coalesce(1 / (error_2 * error_2), 0));

create or replace macro parallax.combined(value_1, error_1, value_2, error_2) as
(coalesce(value_1 / (error_1 * error_1), 0) + coalesce(value_2 / (error_2 * error_2), 0))
* pow(parallax.combined_error(error_1, error_2), 2);
