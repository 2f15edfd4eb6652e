-- A survey of giants and the one factor that multiplies the odds of their P(RC) so that their mean is the cut red_clump_prior, found
-- by halving an interval; no rows where that is 0.
with recursive levels as (
    select
        survey,
        floor(p_rc * 200) as level,
        avg(p_rc)::double as p_rc,
        count(*) as n
    from red_clump.giants
    where cuts.red_clump_prior() > 0 and p_rc is not null
    group by survey, level
),

halves as (
    select distinct
        survey,
        0 as step,
        -12::double as low,
        12::double as high
    from levels
    union all
    select
        survey,
        step,
        if(is_below, middle, low) as low,
        if(is_below, high, middle) as high
    from (
        select
            halves.survey,
            halves.step + 1 as step,
            halves.low,
            halves.high,
            (halves.low + halves.high) / 2 as middle,
            sum(levels.n * red_clump.with_odds(levels.p_rc, exp((halves.low + halves.high) / 2)))
            < cuts.red_clump_prior() * sum(levels.n) as is_below
        from halves
        inner join levels on halves.survey = levels.survey
        where halves.step < 40
        group by halves.survey, halves.step, halves.low, halves.high
    ) as tried
)

select
    survey,
    exp((low + high) / 2) as odds_factor
from halves
where step = 40
