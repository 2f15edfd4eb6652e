-- A star of the parent sample with Gaia's parallax as it is, the spectrophotometric one, both combined, and its distance;
-- Hogg et al. 2018, table 1, with names in this project's style.
select
    apogee_id,
    source_id,
    parallax,
    parallax_error,
    spec_parallax,
    spec_parallax_error,
    spec_parallax_total_error,
    is_training::integer as training_set,
    sample,
    combined_parallax,
    combined_parallax_error,
    spec_distance_kpc,
    spec_distance_kpc_error
from parallax.estimates
