-- A star with a label of a quantity (distance, mass) and a network's value of it: relative difference, the standard error
-- that goes with it, and whether the network was trained on other stars. The paper's errors are its own: a quadratic in
-- log g that holds Gaia's errors too, and a flat 10 %.
with masses as (
    select
        'mass_apokasc2' as quantity,
        'ensemble' as method,
        stars.spectrum_id,
        stars.logg,
        stars.mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        stars.mass_apokasc2_msun_error / training.mass_apokasc2_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'ensemble' as method,
        stars.spectrum_id,
        stars.logg,
        stars.mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        stars.mass_apokasc3_msun_error / training.mass_apokasc3_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc2' as quantity,
        'paper' as method,
        stars.spectrum_id,
        stars.logg,
        stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'paper' as method,
        stars.spectrum_id,
        stars.logg,
        stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
),

distances as (
    select
        'distance' as quantity,
        comparison.method,
        comparison.spectrum_id,
        comparison.logg,
        comparison.difference,
        case
            when comparison.method = 'paper' then fits.fractional_error
            else stats.hypot(comparison.inferred_error, comparison.gaia_error)
        end as sigma,
        comparison.is_test
    from distmass.comparison as comparison
    left join distmass.paper_errors as fits using (spectrum_id)
),

everything as (
    select * from masses
    union all by name
    select * from distances
)

select *
from everything
where difference is not null
