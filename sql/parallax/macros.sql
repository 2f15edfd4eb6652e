-- What the views of this folder share: cuts (6), (7) and (10) of Hogg et al. 2018, and how errors of magnitudes are made.

-- [boolean] Cut (6) of Hogg et al. 2018 on the magnitudes j, k, bp and rp [mag].
create or replace macro parallax.passes_jk(j, k, bp, rp) as
j - k < cuts.hogg_jk_intercept() + cuts.hogg_jk_slope() * (bp - rp);

-- [boolean] Cut (7) of Hogg et al. 2018 on the magnitudes h and w2 [mag].
create or replace macro parallax.passes_h_w2(h, w2) as h - w2 > cuts.hogg_min_h_w2();

-- [] Left side of cut (10) of Hogg et al. 2018 of chi2_al [] and n_good_obs_al [], as Gaia gives them.
create or replace macro parallax.astrometric_chi(chi2_al, n_good_obs_al) as
chi2_al / sqrt(nullif(greatest(n_good_obs_al - 5, 0), 0));

-- [mag] Standard error of a magnitude from flux_over_error [], a flux over its error.
create or replace macro parallax.magnitude_error(flux_over_error) as 2.5 / ln(10) / flux_over_error;

-- [] Standard error of two measurements of errors error_1 and error_2, in their unit: the root of 1 over the sum of
-- 1 over each variance; what is not known does not count.
create or replace macro parallax.combined_error(error_1, error_2) as
1 / sqrt(coalesce(1 / (error_1 * error_1), 0) + coalesce(1 / (error_2 * error_2), 0));

-- [] Mean of value_1 and value_2 weighted by their errors error_1 and error_2, all of one unit; what is not known
-- does not count.
create or replace macro parallax.combined(value_1, error_1, value_2, error_2) as
(coalesce(value_1 / (error_1 * error_1), 0) + coalesce(value_2 / (error_2 * error_2), 0))
* pow(parallax.combined_error(error_1, error_2), 2);

-- [boolean] Whether the model of each half says which stars it was trained on, or was trained on simulated ones; else nobody knows
-- whose estimates are independent of their own parallaxes.
create or replace macro parallax.knows_its_halves() as
main.tells_its_stars('parallax')
and (
    main.list_of_stars('parallax') is null
    or (
        select count(distinct taught.list_name)
        from candlesql.training_stars as taught
        where taught.list_name in ('parallax/a', 'parallax/b')
    ) = 2
);
