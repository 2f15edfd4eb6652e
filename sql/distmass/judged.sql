-- A star with a label of a quantity (distance, mass, log age by the mass) and a network's value of it: relative difference
-- (of log age: in dex), the standard error that goes with it, and whether the network was trained on other stars. The
-- paper's errors are its own: a quadratic in log g that holds Gaia's errors too, and a flat 10 %.
with predictions as (
    select * from distmass.predictions
),

training as (
    select * from distmass.training
),

masses as (
    select
        'mass_apokasc2' as quantity,
        'ensemble' as method,
        stars.spectrum_id,
        stars.logg,
        stars.mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        stars.mass_apokasc2_msun_error / training.mass_apokasc2_label as sigma,
        training.is_test,
        training.is_simulated
    from predictions as stars
    inner join training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'ensemble' as method,
        stars.spectrum_id,
        stars.logg,
        stars.mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        stars.mass_apokasc3_msun_error / training.mass_apokasc3_label as sigma,
        training.is_test,
        training.is_simulated
    from predictions as stars
    inner join training using (spectrum_id)
    union all
    select
        'mass_apokasc2' as quantity,
        'paper' as method,
        stars.spectrum_id,
        stars.logg,
        stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label as sigma,
        training.is_test,
        training.is_simulated
    from predictions as stars
    inner join training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'paper' as method,
        stars.spectrum_id,
        stars.logg,
        stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label as sigma,
        training.is_test,
        training.is_simulated
    from predictions as stars
    inner join training using (spectrum_id)
),

distances as (
    select
        'distance' as quantity,
        comparison.method,
        comparison.spectrum_id,
        comparison.logg,
        comparison.difference,
        case
            when comparison.method = 'paper' then fits.paper_distance_error_ratio
            else stats.hypot(comparison.inferred_error, comparison.gaia_error)
        end as sigma,
        comparison.is_test,
        comparison.is_simulated
    from distmass.comparison as comparison
    left join distmass.distances as fits using (spectrum_id)
),

aged as (
    select
        ages.*,
        training.logg,
        training.is_test,
        training.is_simulated,
        distmass.log10_age(training.mass_apokasc2_label, training.m_h, stars.alpha_m) as log_age_label
    from distmass.ages as ages
    inner join training using (spectrum_id)
    inner join distmass.inputs as stars using (spectrum_id)
),

ages as (
    select
        'log_age' as quantity,
        'ensemble' as method,
        spectrum_id,
        logg,
        log_age_apokasc2 - log_age_label as difference,
        (log_age_apokasc2_high - log_age_apokasc2_low) / 2 as sigma,
        is_test,
        is_simulated
    from aged
    union all
    select
        'log_age' as quantity,
        'paper' as method,
        spectrum_id,
        logg,
        paper_log_age_apokasc2 - log_age_label as difference,
        null as sigma,
        is_test,
        is_simulated
    from aged
),

everything as (
    select * from masses
    union all by name
    select * from distances
    union all by name
    select * from ages
)

select *
from everything
where difference is not null
