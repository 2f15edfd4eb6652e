-- A star as a Gaia release lists it: `survey` is the release, and what others have and it lacks is NULL.
select
    *,
    'gaia_dr2' as survey
from staging.gaia_dr2
union all by name
select
    *,
    'gaia_dr3' as survey
from staging.gaia_dr3
union all by name
select
    *,
    'gaia_dr4' as survey
from staging.gaia_dr4
