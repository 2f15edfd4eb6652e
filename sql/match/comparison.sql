-- A survey: how our match of Gaia DR2 with it and the Gaia archive's best neighbours agree, in numbers of stars.
with pairs as (
    select
        'twomass' as survey,
        own.designation as own_id,
        archive.original_ext_source_id as archive_id
    from match.gaia_dr2_twomass as own
    full outer join staging.tmass_best_neighbour as archive on own.source_id = archive.source_id
    union all
    select
        'allwise' as survey,
        own.designation as own_id,
        archive.original_ext_source_id as archive_id
    from match.gaia_dr2_allwise as own
    full outer join staging.allwise_best_neighbour as archive on own.source_id = archive.source_id
    union all
    select
        'panstarrs1' as survey,
        own.obj_id::varchar as own_id,
        archive.original_ext_source_id::varchar as archive_id
    from match.gaia_dr2_panstarrs1 as own
    full outer join staging.panstarrs1_best_neighbour as archive on own.source_id = archive.source_id
)

select
    survey,
    count(*) filter (where own_id = archive_id) as n_same,
    count(*) filter (where own_id <> archive_id) as n_different,
    count(*) filter (where archive_id is null) as n_only_own,
    count(*) filter (where own_id is null) as n_only_archive
from pairs
group by survey
order by survey
