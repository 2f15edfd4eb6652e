-- A Gaia star of a release and its APOGEE spectrum.
select
    'gaia_dr2' as survey,
    source_id,
    apogee_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_apogee
union all
select
    'gaia_dr3' as survey,
    source_id,
    apogee_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_apogee
union all
select
    'gaia_dr4' as survey,
    source_id,
    apogee_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_apogee
