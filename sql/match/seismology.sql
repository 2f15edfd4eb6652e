-- A Gaia star of a release and its seismic labels.
select
    'gaia_dr2' as survey,
    source_id,
    star_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_seismology
union all
select
    'gaia_dr3' as survey,
    source_id,
    star_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_seismology
union all
select
    'gaia_dr4' as survey,
    source_id,
    star_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_seismology
