-- A selected red clump star and the mean and standard deviation of its posterior distance, from magnitude and parallax together;
-- what Lucey et al. 2020, section 3.4, leave to future work.
with weighted as (
    select
        source_id,
        distance_kpc,
        exp(log_parallax_likelihood) as likelihood,
        likelihood * clump_density as clump,
        likelihood * (clump_density + contaminant_density) as whole
    from red_clump.distance_grid
),

moments as (
    select
        source_id,
        sum(clump) / nullif(sum(whole), 0) as p_rc_posterior,
        sum(whole * distance_kpc) / nullif(sum(whole), 0) as distance_kpc,
        sum(whole * distance_kpc * distance_kpc) / nullif(sum(whole), 0) as mean_square
    from weighted
    group by source_id
)

select
    source_id,
    distance_kpc,
    p_rc_posterior,
    sqrt(greatest(mean_square - distance_kpc * distance_kpc, 0)) as distance_kpc_error
from moments
