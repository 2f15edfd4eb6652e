-- A cell of two distances of a selected red clump star, 0.01 by 0.01 dex: by magnitude alone or with the parallax, and a
-- reference, the true distance of the mock or that of a parallax better than 5 %.
with stars as (
    select
        [
            { 'parameter': 'distance', 'distance_kpc': distances.distance_kpc },
            { 'parameter': 'distance_bayesian', 'distance_kpc': bayesian.distance_kpc }
        ] as methods,
        unnest(
            [
                { 'reference': 'truth', 'distance_kpc': truth.distance_kpc::double },
                {
                    'reference': 'parallax',
                    'distance_kpc': case
                        when distances.parallax_error < cuts.max_parallax_error_ratio() * distances.true_parallax
                            then 1 / distances.true_parallax
                    end
                }
            ]
        ) as known
    from red_clump.distances as distances
    inner join red_clump.bayesian_distances as bayesian using (survey, source_id)
    left join red_clump.truth as truth using (survey, source_id)
),

pairs as (
    select
        known,
        unnest(methods) as found
    from stars
    where known.distance_kpc > 0
)

select
    found.parameter,
    known.reference,
    floor(100 * log10(known.distance_kpc)) / 100 as log_reference_low,
    floor(100 * log10(found.distance_kpc)) / 100 as log_distance_low,
    count(*) as n
from pairs
where found.distance_kpc > 0
group by all
order by all
