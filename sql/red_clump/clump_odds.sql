-- A stratum of scored stars (a tier, or a reason of refusal) in a region of the sky, and by how much in ln odds P(RC) must be
-- shifted there, with its error: from the labels of the stratum, wrong as red_clump.label_errors says, and of a region from its own
-- labels with those of the whole sky as the prior. The error holds what labels cannot know: how the catalogue's stars differ.
with names as (
    select
        unnest(
            [
                'tier 1', 'tier 2', 'not red clump by the cuts of tier 2', 'outside the hull',
                'outside the range of labels', 'not a giant'
            ]
        ) as stratum
),

strata as (
    select
        stratum,
        case stratum
            when 'outside the hull' then cuts.outside_hull_shift()
            when 'not red clump by the cuts of tier 2' then cuts.unselected_shift()
            else 0
        end as mean_shift,
        if(starts_with(stratum, 'tier'), cuts.transfer_error(), cuts.refused_shift_error()) as transfer_error
    from names
),

counts as (
    select
        evaluated.is_rc,
        errors.missed,
        errors.false_clump,
        red_clump.strata(evaluated.tier, evaluated.refusal) as names,
        abs(evaluated.b) > cuts.high_latitude() as is_high,
        round(red_clump.log_odds(evaluated.p_rc), 1) as log_odds,
        count(*) as n
    from red_clump.evaluation as evaluated
    inner join red_clump.label_errors as errors using (label_table)
    where evaluated.is_rc is not null
    group by all
),

labelled as (
    select
        *,
        unnest(names) as stratum
    from counts
),

shifts as (
    select unnest(range(-100, 101)) * 0.1 as shift
),

tried as (
    select
        strata.stratum,
        shifts.shift,
        labelled.is_high,
        labelled.n,
        labelled.false_clump
        + (1 - labelled.missed - labelled.false_clump) * red_clump.shifted_share(labelled.log_odds, shifts.shift)
            as rc_share,
        labelled.n * ln(if(labelled.is_rc, rc_share, 1 - rc_share)) as log_likelihood
    from strata
    cross join shifts
    left join labelled on strata.stratum = labelled.stratum
),

summed as (
    select
        stratum,
        shift,
        coalesce(sum(n), 0) as n_labelled,
        coalesce(sum(n) filter (where is_high), 0) as n_labelled_high,
        coalesce(stats.steady_sum(log_likelihood), 0) as log_likelihood,
        coalesce(stats.steady_sum(if(is_high, log_likelihood, null)), 0) as log_likelihood_high
    from tried
    group by stratum, shift
),

weighted as (
    select
        *,
        log_likelihood - 0.5 * pow(shift / cuts.clump_shift_error(), 2) as log_posterior,
        exp(log_posterior - max(log_posterior) over (partition by stratum)) as weight
    from summed
),

everywhere as (
    select
        stratum,
        any_value(n_labelled) as n_labelled,
        stats.steady_sum(weight * shift) / stats.steady_sum(weight) as shift,
        stats.steady_sum(weight * shift * shift) / stats.steady_sum(weight)
        - pow(stats.steady_sum(weight * shift) / stats.steady_sum(weight), 2) as variance,
        -- what the mean scatters by from one set of labels to another: nothing without labels, when transfer_error holds all
        sqrt(variance * greatest(1 - variance / pow(cuts.clump_shift_error(), 2), 0)) as shift_error
    from weighted
    group by stratum
),

weighted_high as (
    select
        summed.stratum,
        summed.n_labelled_high,
        summed.shift,
        summed.log_likelihood_high
        - 0.5
        * pow(summed.shift - everywhere.shift - cuts.high_latitude_shift(), 2)
        / (pow(everywhere.shift_error, 2) + pow(cuts.high_latitude_shift_error(), 2)) as log_posterior,
        exp(log_posterior - max(log_posterior) over (partition by summed.stratum)) as weight
    from summed
    inner join everywhere on summed.stratum = everywhere.stratum
),

regions as (
    select
        'all' as region,
        * exclude (variance)
    from everywhere
    union all
    select
        '|b| > 30 deg' as region,
        stratum,
        any_value(n_labelled_high) as n_labelled,
        stats.steady_sum(weight * shift) / stats.steady_sum(weight) as shift,
        sqrt(
            stats.steady_sum(weight * shift * shift) / stats.steady_sum(weight)
            - pow(stats.steady_sum(weight * shift) / stats.steady_sum(weight), 2)
        ) as shift_error
    from weighted_high
    group by stratum
)

select
    regions.stratum,
    regions.region,
    regions.n_labelled::bigint as n_labelled,
    regions.shift + strata.mean_shift as shift,
    stats.hypot(regions.shift_error, strata.transfer_error) as shift_error
from regions
inner join strata on regions.stratum = strata.stratum
