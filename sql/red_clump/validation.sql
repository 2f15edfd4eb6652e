-- An inferred parameter of labelled giants (teff_all_k, logg_all: of all labelled stars) against a reference, by the paper's
-- networks or the joint ones; Lucey et al. 2020, section 3.2. The bias
-- of a distance is a median, which contaminants hardly move. Sums run in order: they are the same on any number of cores.
with differences as (
    select
        parameter,
        reference,
        difference,
        sigma
    from red_clump.parameter_differences
    union all
    select
        parameter,
        reference,
        difference,
        sigma
    from red_clump.star_differences
    union all
    select
        parameter,
        reference,
        difference,
        sigma
    from red_clump.distance_differences
)

select
    parameter,
    reference,
    count(*) as n,
    if(starts_with(parameter, 'distance'), median(difference), avg(difference order by difference)) as bias,
    stddev_pop(difference order by difference) as standard_deviation,
    stats.robust_scatter(difference) as robust_scatter,
    avg(abs(difference) order by difference) as mean_absolute,
    avg(sigma order by sigma) as typical_sigma,
    stats.robust_scatter(difference / sigma) as pull_scatter
from differences
group by parameter, reference
order by parameter, reference
