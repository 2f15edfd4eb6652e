-- A star of the mock sky as each Gaia release lists it, and what it is.
select
    *,
    unnest(['gaia_dr2', 'gaia_dr3']) as survey
from staging.mock_truth
