-- A Gaia star of a release and its 2MASS neighbour: the Gaia archive's best one where that table is ingested, else our own
-- match.
select
    'gaia_dr2' as survey,
    source_id,
    original_ext_source_id as designation,
    angular_distance as separation_arcsec,
    number_of_neighbours::bigint as n_neighbours
from staging.tmass_best_neighbour
union all
select
    'gaia_dr2' as survey,
    source_id,
    designation,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_twomass
where not exists (select 1 from staging.tmass_best_neighbour)
union all
select
    'gaia_dr3' as survey,
    source_id,
    original_ext_source_id as designation,
    angular_distance as separation_arcsec,
    number_of_neighbours::bigint as n_neighbours
from staging.gaia_dr3_tmass_best_neighbour
union all
select
    'gaia_dr3' as survey,
    source_id,
    designation,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_twomass
where not exists (select 1 from staging.gaia_dr3_tmass_best_neighbour)
union all
select
    'gaia_dr4' as survey,
    source_id,
    designation,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_twomass
