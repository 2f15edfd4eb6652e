-- An inferred parameter against a reference: label minus inferred as in Lucey et al. 2020, section 3.2. Distances are
-- relative: distance over that of the reference, minus 1.
with differences as (
    select
        'teff_k' as parameter,
        'label' as reference,
        teff_label_k - teff_k as difference,
        teff_k_error as sigma
    from red_clump.evaluation
    union all
    select
        'logg' as parameter,
        'label' as reference,
        logg_label - logg as difference,
        logg_error as sigma
    from red_clump.evaluation
    union all
    select
        'delta_nu_uhz' as parameter,
        'label' as reference,
        delta_nu_label_uhz - delta_nu_uhz as difference,
        delta_nu_uhz_error as sigma
    from red_clump.evaluation
    union all
    select
        'delta_p_s' as parameter,
        'label' as reference,
        delta_p_label_s - delta_p_s as difference,
        delta_p_s_error as sigma
    from red_clump.evaluation
    union all
    select
        'distance' as parameter,
        'parallax' as reference,
        distance_kpc * true_parallax - 1 as difference,
        stats.hypot(distance_kpc_error / distance_kpc, parallax_error / true_parallax) as sigma
    from red_clump.distances
    where true_parallax > 0 and parallax_error / true_parallax < cuts.max_parallax_error_ratio()
    union all
    select
        'distance' as parameter,
        'truth' as reference,
        distances.distance_kpc / truth.distance_kpc - 1 as difference,
        distances.distance_kpc_error / distances.distance_kpc as sigma
    from red_clump.distances as distances
    inner join staging.mock_truth as truth using (source_id)
)

select
    parameter,
    reference,
    count(*) as n,
    if(parameter = 'distance', median(difference), avg(difference)) as bias,
    stddev_pop(difference) as standard_deviation,
    stats.robust_scatter(difference) as robust_scatter,
    avg(sigma) as typical_sigma,
    stats.robust_scatter(difference / sigma) as pull_scatter
from differences
where difference is not null
group by parameter, reference
order by parameter, reference
