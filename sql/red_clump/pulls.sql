-- A quarter in the pull of an inferred parameter, (reference - inferred) over the stated standard deviation, and the share of
-- labelled giants there; a parameter whose errors are right has a standard normal distribution of pulls.
select
    parameter,
    reference,
    floor(4 * difference / sigma) / 4 as pull_low,
    count(*) as n,
    n / sum(n) over (partition by parameter, reference) as share
from red_clump.parameter_differences
where sigma > 0 and abs(difference / sigma) < 10
group by parameter, reference, pull_low
order by parameter, reference, pull_low
