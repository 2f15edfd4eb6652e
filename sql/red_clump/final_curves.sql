-- A step in Galactic latitude or (sigma_G - zero point) / G in a tier: the contamination there, and that of the part of the
-- catalogue above this latitude or below this error; Lucey et al. 2020, figure 6, lower panels. Errors of cells share their
-- labels, so they add.
with final_cells as (
    select * from red_clump.final_cells
),

steps as (
    select
        'abs_b_deg' as along,
        abs_b_low_deg as low,
        *
    from final_cells
    union all by name
    select
        'g_error_ratio' as along,
        g_error_ratio_low as low,
        *
    from final_cells
    where g_error_ratio_low is not null
),

summed as (
    select
        tier,
        along,
        low,
        sum(n)::bigint as n,
        stats.steady_sum(n * contamination) as n_wrong,
        stats.steady_sum(n * contamination_error) as n_wrong_error
    from steps
    group by all
)

select
    tier,
    along,
    low,
    n,
    n_wrong / n as contamination,
    n_wrong_error / n as contamination_error,
    sum(n_wrong) over so_far / sum(n) over so_far as contamination_so_far
from summed
window
    so_far as (partition by tier, along order by if(along = 'abs_b_deg', -low, low))
order by tier, along, low
