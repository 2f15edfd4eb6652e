-- A Gaia star of a release and its LAMOST spectrum.
select
    'gaia_dr2' as survey,
    source_id,
    obsid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_lamost
union all
select
    'gaia_dr3' as survey,
    source_id,
    obsid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_lamost
union all
select
    'gaia_dr4' as survey,
    source_id,
    obsid,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_lamost
