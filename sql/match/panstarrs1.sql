-- A Gaia star of a release and its Pan-STARRS1 neighbour: the Gaia archive's best one where that table is ingested, else our own
-- match.
select
    'gaia_dr2' as survey,
    source_id,
    original_ext_source_id as obj_id,
    angular_distance as separation_arcsec,
    number_of_neighbours::bigint as n_neighbours
from staging.panstarrs1_best_neighbour
union all
select
    'gaia_dr2' as survey,
    source_id,
    obj_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_panstarrs1
where not exists (select 1 from staging.panstarrs1_best_neighbour)
union all
select
    'gaia_dr3' as survey,
    source_id,
    original_ext_source_id as obj_id,
    angular_distance as separation_arcsec,
    number_of_neighbours::bigint as n_neighbours
from staging.gaia_dr3_panstarrs1_best_neighbour
union all
select
    'gaia_dr3' as survey,
    source_id,
    obj_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_panstarrs1
where not exists (select 1 from staging.gaia_dr3_panstarrs1_best_neighbour)
union all
select
    'gaia_dr4' as survey,
    source_id,
    obj_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_panstarrs1
