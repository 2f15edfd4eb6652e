-- A bin of an inferred parameter, five cells wide, and the reference minus inferred values of its labelled giants: median, 68 %
-- interval, and median of the stated standard deviations.
select
    parameter,
    reference,
    floor(inferred / red_clump.cell_width(parameter) / 5) * red_clump.cell_width(parameter) * 5 as inferred_low,
    count(*) as n,
    median(difference) as difference_median,
    quantile_cont(difference, 0.16) as difference_low,
    quantile_cont(difference, 0.84) as difference_high,
    median(sigma) as sigma_median
from red_clump.parameter_differences
group by all
order by all
