-- A selected red clump star and its distance from magnitude and parallax together, what Lucey et al. 2020, section 3.4, leave to
-- future work: the posterior mean as a red clump star where it is likelier one than not, else as either. The error is that of the
-- whole posterior about this distance.
with weighted as (
    select
        survey,
        source_id,
        distance_kpc,
        exp(log_parallax_likelihood) as likelihood,
        likelihood * clump_density as clump,
        likelihood * (clump_density + contaminant_density) as whole
    from red_clump.distance_grid
),

moments as (
    select
        survey,
        source_id,
        sum(whole) as total,
        sum(clump) / nullif(total, 0) as p_rc_posterior,
        sum(clump * distance_kpc) / nullif(sum(clump), 0) as clump_kpc,
        sum(whole * distance_kpc) / nullif(total, 0) as mean_kpc,
        sum(whole * distance_kpc * distance_kpc) / nullif(total, 0) as mean_square
    from weighted
    group by survey, source_id
)

select
    survey,
    source_id,
    p_rc_posterior,
    if(p_rc_posterior >= 0.5, clump_kpc, mean_kpc) as distance_kpc,
    sqrt(abs(mean_square - 2 * distance_kpc * mean_kpc + distance_kpc * distance_kpc)) as distance_kpc_error
from moments
