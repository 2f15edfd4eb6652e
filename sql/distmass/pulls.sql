-- A half in the pull of a quantity by a network on test stars, difference over standard error: how many, their share, and the
-- density there of the standard normal distribution that right errors would give, times the width of the bin.
select
    quantity,
    method,
    floor(2 * difference / sigma) / 2 as pull_low,
    count(*) as n,
    n / sum(n) over (partition by quantity, method) as share,
    0.5 * stats.normal_density(pull_low + 0.25, 0, 1) as normal_share
from distmass.judged
where is_test and sigma > 0 and abs(difference / sigma) < 10
group by quantity, method, pull_low
order by quantity, method, pull_low
