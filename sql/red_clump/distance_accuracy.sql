-- A distance of selected red clump stars, by magnitude alone or with the parallax, against the mock sky's truth in a subset: by how
-- good the parallax is (all selected stars) or by latitude (true red clump stars, whose stated errors these are).
with stars as (
    select
        truth.distance_kpc as true_kpc,
        [
            {
                'parameter': 'distance',
                'distance_kpc': distances.distance_kpc,
                'error_kpc': distances.distance_kpc_error
            },
            {
                'parameter': 'distance_bayesian',
                'distance_kpc': bayesian.distance_kpc,
                'error_kpc': bayesian.distance_kpc_error
            }
        ] as methods,
        distances.parallax_error / distances.true_parallax as parallax_error_ratio,
        unnest(
            [
                case
                    when distances.true_parallax <= 0 then 'parallax not above 0'
                    when parallax_error_ratio < 0.05 then 'parallax better than 5 %'
                    when parallax_error_ratio < 0.1 then 'parallax 5 to 10 %'
                    when parallax_error_ratio < 0.2 then 'parallax 10 to 20 %'
                    when parallax_error_ratio < 0.4 then 'parallax 20 to 40 %'
                    when parallax_error_ratio < 1 then 'parallax 40 to 100 %'
                    else 'parallax worse than 100 %'
                end,
                case
                    when truth.phase = 3 and abs(distances.b) < 2 then 'red clump, |b| < 2 deg'
                    when truth.phase = 3 and abs(distances.b) > 20 then 'red clump, |b| > 20 deg'
                end
            ]
        ) as subset
    from red_clump.distances as distances
    inner join red_clump.bayesian_distances as bayesian using (survey, source_id)
    inner join red_clump.truth as truth using (survey, source_id)
),

found as (
    select
        subset,
        true_kpc,
        unnest(methods) as method
    from stars
    where subset is not null
)

select
    method.parameter,
    subset,
    count(*) as n,
    median(method.distance_kpc / true_kpc - 1) as bias,
    stddev_pop(method.distance_kpc / true_kpc - 1) as standard_deviation,
    stats.robust_scatter(method.distance_kpc / true_kpc - 1) as robust_scatter,
    avg(abs(method.distance_kpc / true_kpc - 1)) as mean_absolute,
    avg(method.error_kpc / method.distance_kpc) as typical_sigma,
    stats.robust_scatter((method.distance_kpc - true_kpc) / method.error_kpc) as pull_scatter
from found
group by method.parameter, subset
order by subset, method.parameter
