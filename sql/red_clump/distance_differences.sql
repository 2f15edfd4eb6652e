-- A selected red clump star, one of its two distances and a reference for it: distance over that of the reference, minus 1, and
-- the standard deviation stated for that.
with inferred as (
    select
        'distance' as parameter,
        survey,
        source_id,
        distance_kpc,
        distance_kpc_error,
        true_parallax,
        parallax_error
    from red_clump.distances
    union all
    select
        'distance_bayesian' as parameter,
        survey,
        source_id,
        bayesian.distance_kpc,
        bayesian.distance_kpc_error,
        distances.true_parallax,
        distances.parallax_error
    from red_clump.bayesian_distances as bayesian
    inner join red_clump.distances as distances using (survey, source_id)
),

stars as (
    select
        inferred.parameter,
        inferred.distance_kpc,
        inferred.true_parallax,
        inferred.distance_kpc / truth.distance_kpc - 1 as difference,
        inferred.distance_kpc_error / inferred.distance_kpc as sigma,
        inferred.parallax_error / inferred.true_parallax as parallax_error_ratio
    from inferred
    left join red_clump.truth as truth using (survey, source_id)
)

select
    parameter,
    'parallax' as reference,
    distance_kpc * true_parallax - 1 as difference,
    stats.hypot(sigma, parallax_error_ratio) as sigma
from stars
where parameter = 'distance' and parallax_error_ratio between 0 and cuts.max_parallax_error_ratio()
union all
select
    parameter,
    'truth' as reference,
    difference,
    sigma
from stars
where difference is not null
union all
select
    parameter,
    'truth, parallax better than 20 %' as reference,
    difference,
    sigma
from stars
where difference is not null and parallax_error_ratio between 0 and 0.2
