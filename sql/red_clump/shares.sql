-- A cell of G (of Ks where there is no G) and latitude: its giants that have a P(RC), and the share of red clump among them that
-- makes their mean P(RC), corrected to that share, the share itself (expectation maximisation; Saerens et al. 2002).
with recursive levels as (
    select
        floor(coalesce(phot_g_mean_mag, ks_m))::integer as magnitude_low,
        red_clump.latitude_cell(b)::integer as abs_b_low,
        (least(floor(p_rc * 50), 49) + 0.5) / 50 as p_rc,
        count(*) as n
    from red_clump.giants
    where p_rc is not null
    group by all
),

steps as (
    select
        magnitude_low,
        abs_b_low,
        0 as step,
        sum(n)::bigint as n,
        cuts.rc_training_share()::double as clump_share
    from levels
    group by magnitude_low, abs_b_low
    union all
    select
        steps.magnitude_low,
        steps.abs_b_low,
        steps.step + 1 as step,
        steps.n,
        (
            select sum(levels.n * red_clump.with_share(levels.p_rc, steps.clump_share)) / sum(levels.n)
            from levels
            where
                levels.magnitude_low is not distinct from steps.magnitude_low
                and levels.abs_b_low is not distinct from steps.abs_b_low
        ) as clump_share
    from steps
    where steps.step < 30
)

select
    magnitude_low,
    abs_b_low,
    n,
    clump_share
from steps
where step = 30
