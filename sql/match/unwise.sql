-- A Gaia star of a release and its unWISE neighbour.
select
    'gaia_dr2' as survey,
    source_id,
    unwise_objid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_unwise
union all
select
    'gaia_dr3' as survey,
    source_id,
    unwise_objid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_unwise
union all
select
    'gaia_dr4' as survey,
    source_id,
    unwise_objid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_unwise
