-- An inferred parameter of labelled giants (teff_all_k, logg_all: of all labelled stars) against a reference, by the paper's
-- networks, the joint ones or that for any bands; Lucey et al. 2020, section 3.2. The bias
-- of a distance is a median, which contaminants hardly move. Single precision
-- hides the last digits of sums, which depend on the number of cores.
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
    if(starts_with(parameter, 'distance'), median(difference), avg(difference))::float as bias,
    stddev_pop(difference)::float as standard_deviation,
    stats.robust_scatter(difference)::float as robust_scatter,
    avg(abs(difference))::float as mean_absolute,
    avg(sigma)::float as typical_sigma,
    stats.robust_scatter(difference / sigma)::float as pull_scatter
from differences
group by parameter, reference
order by parameter, reference
