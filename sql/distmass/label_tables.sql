-- A table of masses, ages or clusters that stand apart from the spectra: how many rows it has, and how many of them name a
-- star or a cluster that spectra belong to.
with names as (
    select
        'mass_labels' as survey,
        apogee_id
    from staging.mass_labels
    union all
    select
        'astronn_ages' as survey,
        apogee_id
    from staging.astronn_ages
    union all
    select
        'apo_k2_ages' as survey,
        apogee_id
    from staging.apo_k2_ages
),

known as (
    select distinct apogee_id
    from distmass.spectra
    where apogee_id is not null
)

select
    names.survey,
    count(*) as n,
    count(known.apogee_id) as n_matched
from names
left join known using (apogee_id)
group by names.survey
union all
select
    'clusters' as survey,
    count(*) as n,
    count(*) filter (where cluster in (select cluster from distmass.members)) as n_matched
from staging.clusters
having count(*) > 0
