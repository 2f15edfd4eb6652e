-- A cell of latitude, G and J - Ks in a tier: the share of the labelled red clump giants that the tier finds. Every cell of the box
-- that they span has a row: where there are none n_rc is 0, and completeness is not known. Sum n_true and n_rc over cells for a coarser one.
with labelled as (
    select
        binned.tier,
        red_clump.latitude_cell(binned.b) as abs_b_low_deg,
        floor(binned.phot_g_mean_mag) as g_low_mag,
        floor(binned.j_ks / 0.2) as j_ks_step
    from red_clump.binned as binned
    where binned.is_rc
),

span as (
    select
        range(min(abs_b_low_deg)::bigint, max(abs_b_low_deg)::bigint + 10, 10) as latitudes,
        range(min(g_low_mag)::bigint, max(g_low_mag)::bigint + 1) as magnitudes,
        range(min(j_ks_step)::bigint, max(j_ks_step)::bigint + 1) as steps
    from labelled
),

cells as (
    select
        unnest(span.latitudes) as abs_b_low_deg,
        magnitudes.g_low_mag,
        steps.j_ks_step
    from span
    cross join unnest(span.magnitudes) as magnitudes (g_low_mag)
    cross join unnest(span.steps) as steps (j_ks_step)
    union
    select
        abs_b_low_deg,
        g_low_mag,
        j_ks_step
    from labelled
)

select
    tier_numbers.tier,
    cells.abs_b_low_deg,
    cells.g_low_mag,
    cells.j_ks_step * 0.2 as j_ks_low_mag,
    count(labelled.abs_b_low_deg) as n_rc,
    count(labelled.abs_b_low_deg) filter (where labelled.tier <= tier_numbers.tier) as n_true,
    n_true / nullif(n_rc, 0) as completeness,
    stats.wilson_low(n_true, nullif(n_rc, 0)) as completeness_low,
    stats.wilson_high(n_true, nullif(n_rc, 0)) as completeness_high
from (select unnest([1, 2]) as tier) as tier_numbers
cross join cells
left join
    labelled
    on
        cells.abs_b_low_deg is not distinct from labelled.abs_b_low_deg
        and cells.g_low_mag is not distinct from labelled.g_low_mag
        and cells.j_ks_step is not distinct from labelled.j_ks_step
group by all
order by all
