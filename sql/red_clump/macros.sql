-- Which labels and which inferred parameters mean red clump.

-- [] The evolutionary state that word [] stands for: 'RC', 'RGB' or 'AGB'; NULL for any other word.
create or replace macro red_clump.state_of(word) as
case
    when upper(trim(word)) in ('RC', 'CLUMP', 'RED CLUMP', 'RED_CLUMP', '2CL', 'RC/2CL', 'HEB', 'CHEB', 'HECB')
        then 'RC'
    when upper(trim(word)) in ('RGB', 'RED GIANT BRANCH', 'RED_GIANT_BRANCH', 'GIANT BRANCH', 'RGB/AGB')
        then 'RGB'
    when upper(trim(word)) = 'AGB' then 'AGB'
end;

-- [boolean] Whether a label means red clump: by evolutionary_state ('RC'), else by delta_p_label [s] and
-- delta_nu_label [uHz]; Lucey et al. 2020, section 1.
create or replace macro red_clump.is_red_clump(evolutionary_state, delta_p_label, delta_nu_label) as
coalesce(
    evolutionary_state = 'RC',
    case
        when delta_p_label is not null and delta_nu_label is not null
            then delta_p_label > cuts.rc_min_delta_p() and delta_nu_label < cuts.rc_max_delta_nu()
    end
);

-- [boolean] Whether a star is a giant by teff_all [K] and logg_all [dex]; Lucey et al. 2020, section 3.2.
create or replace macro red_clump.is_giant(teff_all, logg_all) as
logg_all < cuts.lucey_max_logg()
and teff_all > cuts.lucey_min_teff()
and teff_all < cuts.lucey_max_teff();

-- [boolean] Whether a giant is like those that the labels tell red clump from red giant branch among, as far as
-- logg_inferred [dex] and feh_inferred [dex] are known; Ting et al. 2018, figure 3.
create or replace macro red_clump.is_in_label_range(logg_inferred, feh_inferred) as
coalesce(logg_inferred > cuts.rc_min_logg(), true) and coalesce(feh_inferred > cuts.rc_min_feh(), true);

-- [boolean] Whether the networks know stars like one that is inside_given [boolean] the hull of the training stars of those of Lucey
-- et al. 2020, section 2.2, or where these are dense: of a star for which the network for any bands gives any_teff [K] only the
-- paper's cuts, or that of density, ask.
create or replace macro red_clump.is_known(inside_given, any_teff) as
inside_given is not false
or (any_teff is not null and not cuts.lucey_quality_cuts() and not cuts.validity_by_density());

-- [] p_rc_given [] as ln odds, of a network that is never quite sure; even odds where it gives none.
create or replace macro red_clump.log_odds(p_rc_given) as
greatest(least(
    ln(greatest(coalesce(p_rc_given, 0.5), 1e-9) / greatest(1 - coalesce(p_rc_given, 0.5), 1e-9)), 6.2
), -6.2);

-- [] The probability of log_odds_given [] after shift_given [], both in ln odds.
create or replace macro red_clump.shifted_share(log_odds_given, shift_given) as
1 / (1 + exp(-(log_odds_given + shift_given)));

-- [] The strata that a star counts in, whose P(RC) labels judge apart: tiers by its tier_number, or refusal_given.
create or replace macro red_clump.strata(tier_number, refusal_given) as
case
    when tier_number = 1 then ['tier 1', 'tier 2']
    when tier_number = 2 then ['tier 2']
    else [refusal_given]
end;

-- [boolean] Whether a star of w1_mag [mag], or ks_mag [mag] without it, at latitude [deg] would be far from the plane if it
-- were red clump.
create or replace macro red_clump.is_far_from_plane(w1_mag, ks_mag, latitude) as
coalesce(
    pow(10, (coalesce(w1_mag, ks_mag) - cuts.m_w1_red_clump()) / 5 - 2) * abs(sin(radians(latitude)))
    > cuts.far_from_plane_kpc(),
    false
);

-- [text] Why a scored star has no tier, the first reason that holds, NULL where it has one: of is_giant, known_given (the
-- networks know such stars), is_in_range (of the labels) and tier_number.
create or replace macro red_clump.refusal(is_giant, known_given, is_in_range, tier_number) as
case
    when is_giant = false then 'not a giant'
    when known_given = false then 'outside the hull'
    when is_in_range = false then 'outside the range of labels'
    when tier_number is null then 'not red clump by the cuts of tier 2'
end;

-- [] Tier 1 or 2, else NULL, of teff_inferred [K], delta_nu_inferred [uHz] and delta_p_inferred [s]; by
-- p_rc_inferred [] where the networks were trained on evolutionary states and give no DeltaP; Lucey et al. 2020,
-- table 1.
create or replace macro red_clump.tier(teff_inferred, delta_nu_inferred, delta_p_inferred, p_rc_inferred) as
case
    when
        delta_p_inferred > cuts.tier1_min_delta_p()
        and delta_nu_inferred < cuts.tier1_max_delta_nu()
        and teff_inferred > cuts.tier1_min_teff()
        then 1
    when delta_p_inferred > cuts.tier2_min_delta_p() and delta_nu_inferred < cuts.tier2_max_delta_nu() then 2
    when delta_p_inferred is null and p_rc_inferred > cuts.tier1_min_p_rc() then 1
    when delta_p_inferred is null and p_rc_inferred > cuts.tier2_min_p_rc() then 2
end::tinyint;

-- [] The share k / n of a bin of n stars, drawn towards another share [] as if some stars with that one were added.
create or replace macro red_clump.pooled_share(k, n, share) as
(coalesce(k, 0) + cuts.pooled_stars() * share) / (coalesce(n, 0) + cuts.pooled_stars());

-- [] The binomial standard error of such a share [] in a bin of n stars.
create or replace macro red_clump.pooled_error(share, n) as
sqrt(share * (1 - share) / (coalesce(n, 0) + cuts.pooled_stars()));

-- [mag] What young stars add to the red clump's width at height_kpc [kpc] above the plane.
create or replace macro red_clump.young_width(height_kpc) as
cuts.young_clump_width() * exp(-abs(height_kpc) / cuts.young_clump_height_kpc());

-- [deg] Lower edge of the cell of |latitude| [deg]; Lucey et al. 2020, figure 6.
create or replace macro red_clump.latitude_cell(latitude) as
floor(abs(latitude) / 10) * 10;

-- [] Lower edge of the cell of error_ratio [], the error of G over G; Lucey et al. 2020, figure 6.
create or replace macro red_clump.g_error_cell(error_ratio) as
case when error_ratio is not null then least(floor(error_ratio * 2e5), 39) * 5e-6 end;

-- [] Width of a cell in which an inferred parameter (its name) is compared, in the unit of the parameter.
create or replace macro red_clump.cell_width(parameter) as
case
    when parameter in ('teff_k', 'joint_teff_k', 'any_teff_k') then 25
    when parameter in ('logg', 'joint_logg', 'any_logg') then 0.05
    when parameter in ('delta_nu_uhz', 'joint_delta_nu_uhz', 'any_delta_nu_uhz') then 0.25
    else 5
end::double;

-- [] Which inputs a star has, as text: 'G BP RP J H Ks parallax'; of its magnitudes g, bp, rp, ps1_g, ps1_r, ps1_i, ps1_z,
-- ps1_y, j, h, ks, w1, w2 [mag] and parallax_mas [mas].
create or replace macro red_clump.band_list(
    g, bp, rp, ps1_g, ps1_r, ps1_i, ps1_z, ps1_y, j, h, ks, w1, w2, parallax_mas
) as
concat_ws(
    ' ',
    if(g is not null, 'G', null),
    if(bp is not null, 'BP', null),
    if(rp is not null, 'RP', null),
    if(ps1_g is not null, 'g', null),
    if(ps1_r is not null, 'r', null),
    if(ps1_i is not null, 'i', null),
    if(ps1_z is not null, 'z', null),
    if(ps1_y is not null, 'y', null),
    if(j is not null, 'J', null),
    if(h is not null, 'H', null),
    if(ks is not null, 'Ks', null),
    if(w1 is not null, 'W1', null),
    if(w2 is not null, 'W2', null),
    if(parallax_mas is not null, 'parallax', null)
);

-- [] P(RC) where another share [] of the giants is red clump than of those it was learnt from, of p_rc_inferred [].
-- Bayes' theorem: the odds are multiplied.
create or replace macro red_clump.with_share(p_rc_inferred, share) as
p_rc_inferred * share * (1 - cuts.rc_training_share())
/ (
    p_rc_inferred * share * (1 - cuts.rc_training_share())
    + (1 - p_rc_inferred) * (1 - share) * cuts.rc_training_share()
);

-- [] P(RC) p [] with its odds multiplied by odds_factor [].
create or replace macro red_clump.with_odds(p, odds_factor) as
p * odds_factor / (p * odds_factor + 1 - p);

-- [] survey_name [] if bands [], as red_clump.band_list gives them, hold all of the list of_survey []; in brackets if they
-- hold a part of it, else NULL.
create or replace macro red_clump.survey_in_set(bands, of_survey, survey_name) as
case len(list_intersect(string_split(bands, ' '), of_survey))
    when 0 then null
    when len(of_survey) then survey_name
    else '(' || survey_name || ')'
end;

-- [] The set of surveys that a star's bands [] come from, part of a survey in brackets: 'Gaia PS1 2MASS (WISE) parallax'.
create or replace macro red_clump.band_set(bands) as
concat_ws(
    ' ',
    red_clump.survey_in_set(bands, ['G', 'BP', 'RP'], 'Gaia'),
    red_clump.survey_in_set(bands, ['g', 'r', 'i', 'z', 'y'], 'PS1'),
    red_clump.survey_in_set(bands, ['J', 'H', 'Ks'], '2MASS'),
    red_clump.survey_in_set(bands, ['W1', 'W2'], 'WISE'),
    red_clump.survey_in_set(bands, ['parallax'], 'parallax')
);

-- [boolean] Whether the quality cuts in force leave a star the measurements of an outcome (with_parallax, with_g,
-- with_bp_rp; NULL where no cut judges it), by ruwe_given [], error_ratio [], excess_factor [] and colour [mag].
create or replace macro red_clump.is_outcome_of_cuts(
    with_parallax, with_g, with_bp_rp, ruwe_given, error_ratio, excess_factor, colour
) as
quality.is_outcome(with_parallax, quality.passes_ruwe(ruwe_given))
and quality.is_outcome(with_g, quality.passes_saturation(error_ratio))
and quality.is_outcome(with_bp_rp, coalesce(quality.passes_excess_factor(excess_factor, colour), false));

-- [boolean] Whether red_clump.is_outcome_of_cuts holds (with_parallax, with_g, with_bp_rp, ruwe_given [], error_ratio [],
-- excess_factor [], colour [mag]) and cuts.lucey_quality_cuts lets the star in: then every measurement must pass, those that
-- passes_2mass, passes_wise and is_in_ps1 tell of too.
create or replace macro red_clump.is_by_cuts(
    with_parallax, with_g, with_bp_rp, ruwe_given, error_ratio, excess_factor, colour,
    passes_2mass, passes_wise, is_in_ps1
) as
red_clump.is_outcome_of_cuts(with_parallax, with_g, with_bp_rp, ruwe_given, error_ratio, excess_factor, colour)
and (
    not cuts.lucey_quality_cuts()
    or (
        with_parallax is not false
        and with_g is not false
        and with_bp_rp is not false
        and passes_2mass is not false
        and passes_wise is not false
        and is_in_ps1 is not false
    )
);

-- [dex] The change of [C/N] from the lower red giant branch to the red clump that the mock sky gives a star of iron [dex], its [Fe/H], and
-- mass_msun [solMass]: assumed, larger for light and metal-poor stars as in Lagarde et al. 2012.
create or replace macro red_clump.mock_cn_change(iron, mass_msun) as
-0.30 - 0.65 * greatest(0, least((0.15 - iron) / 0.85, 1.2)) * greatest(0, least((2 - mass_msun) / 1.15, 1));
