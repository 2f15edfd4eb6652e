-- A quantity (distance, mass) by each network against its label, relative, on stars that were never trained on or on all:
-- bias, scatters, and the share of labels within one and two standard errors; Stone-Martinez et al. 2024, sections 4.3, 5.5.
with masses as (
    select
        'mass_apokasc2' as quantity,
        'ensemble' as method,
        stars.mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        stars.mass_apokasc2_msun_error / training.mass_apokasc2_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'ensemble' as method,
        stars.mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        stars.mass_apokasc3_msun_error / training.mass_apokasc3_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc2' as quantity,
        'paper' as method,
        stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc2_msun / training.mass_apokasc2_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
    union all
    select
        'mass_apokasc3' as quantity,
        'paper' as method,
        stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label - 1 as difference,
        cuts.distmass_mass_error_ratio() * stars.paper_mass_apokasc3_msun / training.mass_apokasc3_label as sigma,
        training.split = 'test' as is_test
    from distmass.predictions as stars
    inner join distmass.training as training using (spectrum_id)
),

distances as (
    select
        'distance' as quantity,
        method,
        difference,
        stats.hypot(inferred_error, gaia_error) as sigma,
        is_test
    from distmass.comparison
),

judged as (
    select * from masses
    union all by name
    select * from distances
)

select
    quantity,
    method,
    case when is_test then 'test' else 'trained on' end as stars,
    count(*) as n,
    median(difference) as bias,
    stats.robust_scatter(difference) as robust_scatter,
    stddev_pop(difference) as standard_deviation,
    stats.robust_scatter(difference / sigma) as pull_scatter,
    avg((abs(difference) < sigma)::integer) as within_one_error,
    avg((abs(difference) < 2 * sigma)::integer) as within_two_errors
from judged
where difference is not null
group by quantity, method, is_test
order by quantity, method, is_test
