-- A selected red clump star, one of its two distances and a reference for it: distance over that of the reference, minus 1, and
-- the standard deviation stated for that.
with stars as (
    select
        distances.true_parallax,
        truth.distance_kpc as true_kpc,
        distances.distance_kpc as simple_kpc,
        bayesian.distance_kpc as bayesian_kpc,
        distances.parallax_error / distances.true_parallax as parallax_error_ratio,
        distances.distance_kpc_error / distances.distance_kpc as simple_sigma,
        bayesian.distance_kpc_error / bayesian.distance_kpc as bayesian_sigma
    from red_clump.distances as distances
    inner join red_clump.bayesian_distances as bayesian using (survey, source_id)
    left join red_clump.truth as truth using (survey, source_id)
),

against_truth as (
    select
        'distance' as parameter,
        simple_kpc / true_kpc - 1 as difference,
        simple_sigma as sigma,
        parallax_error_ratio
    from stars
    union all
    select
        'distance_bayesian' as parameter,
        bayesian_kpc / true_kpc - 1 as difference,
        bayesian_sigma as sigma,
        parallax_error_ratio
    from stars
)

select
    'distance' as parameter,
    'parallax' as reference,
    simple_kpc * true_parallax - 1 as difference,
    stats.hypot(simple_sigma, parallax_error_ratio) as sigma
from stars
where parallax_error_ratio between 0 and cuts.max_parallax_error_ratio()
union all
select
    parameter,
    'truth' as reference,
    difference,
    sigma
from against_truth
where difference is not null
union all
select
    parameter,
    'truth, parallax better than 20 %' as reference,
    difference,
    sigma
from against_truth
where difference is not null and parallax_error_ratio between 0 and 0.2
