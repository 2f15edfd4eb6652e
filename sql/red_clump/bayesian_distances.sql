-- A selected red clump star and its distance from magnitude and parallax together, what Lucey et al. 2020, section 3.4, leave to
-- future work: median and 68 % interval of the posterior, as red clump star or contaminant. The prior is a P(RC) that has not read
-- the parallax: that of the networks without it, else P(RC) with what the parallax says taken out again.
with hypotheses as (
    select
        survey,
        source_id,
        p_rc,
        p_rc_photometric,
        modulus,
        step,
        step * clump_density * parallax_likelihood as clump,
        step * contaminant_density * parallax_likelihood as contaminant,
        sum(clump) over star as clump_evidence,
        sum(contaminant) over star as contaminant_evidence
    from red_clump.distance_grid
    window
        star as (
            partition by survey, source_id order by modulus rows between unbounded preceding and unbounded following
        )
),

posteriors as (
    select
        *,
        coalesce(
            p_rc_photometric,
            p_rc * contaminant_evidence / nullif(p_rc * contaminant_evidence + (1 - p_rc) * clump_evidence, 0)
        ) as p_rc_prior,
        p_rc_prior * clump_evidence + (1 - p_rc_prior) * contaminant_evidence as evidence,
        p_rc_prior * clump_evidence / evidence as p_rc_posterior,
        (p_rc_prior * clump + (1 - p_rc_prior) * contaminant) / evidence as weight
    from hypotheses
),

cumulative as (
    select
        *,
        sum(weight) over (partition by survey, source_id order by modulus) as so_far
    from posteriors
),

quantiles as (
    select
        survey,
        source_id,
        any_value(p_rc_prior) as p_rc_prior,
        any_value(p_rc_posterior) as p_rc_posterior,
        arg_min(modulus + step * (0.5 - (so_far - 0.16) / weight), modulus) filter (where so_far >= 0.16) as low,
        arg_min(modulus + step * (0.5 - (so_far - 0.5) / weight), modulus) filter (where so_far >= 0.5) as middle,
        arg_min(modulus + step * (0.5 - (so_far - 0.84) / weight), modulus) filter (where so_far >= 0.84) as high
    from cumulative
    group by survey, source_id
)

select
    survey,
    source_id,
    p_rc_prior,
    p_rc_posterior,
    pow(10, middle / 5 - 2) as distance_kpc,
    pow(10, low / 5 - 2) as distance_low_kpc,
    pow(10, high / 5 - 2) as distance_high_kpc,
    (distance_high_kpc - distance_low_kpc) / 2 as distance_kpc_error
from quantiles
