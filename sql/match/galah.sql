-- A Gaia star of a release and its GALAH spectrum.
select
    'gaia_dr2' as survey,
    source_id,
    sobject_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr2_galah
union all
select
    'gaia_dr3' as survey,
    source_id,
    sobject_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr3_galah
union all
select
    'gaia_dr4' as survey,
    source_id,
    sobject_id,
    separation_arcsec,
    n_neighbours
from match.gaia_dr4_galah
