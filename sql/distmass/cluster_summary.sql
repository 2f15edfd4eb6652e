-- A method of distance over all clusters of known distance: median and standard deviation of the relative errors of their
-- mean distances, and the median scatter within them; Stone-Martinez et al. 2024, figure 5 and section 4.3.
with distances as (
    unpivot (
        select
            members.cluster,
            members.cluster_distance_kpc,
            stars."DISTANCE" as ensemble,
            stars."DISTANCE_PAPER" as paper,
            stars."NMSU_DIST"::double as nmsu,
            stars."GAIAEDR3_DIST"::double as gaia
        from distmass.members as members
        inner join distmass.catalogue as stars on members.spectrum_id = stars."SPECTRUM_ID"
        where members.cluster_distance_kpc is not null
    )
    on ensemble, paper, nmsu, gaia
    into name method value distance_kpc
),

clusters as (
    select
        method,
        cluster,
        count(*) as n,
        avg(distance_kpc) / any_value(cluster_distance_kpc) - 1 as fractional_error,
        stddev_samp(distance_kpc) / any_value(cluster_distance_kpc) as fractional_scatter
    from distances
    group by method, cluster
)

select
    method,
    count(*) as n_clusters,
    sum(n) as n,
    median(fractional_error) as median_error,
    stddev_samp(fractional_error) as error_scatter,
    median(fractional_scatter) as median_scatter
from clusters
group by method
order by method
