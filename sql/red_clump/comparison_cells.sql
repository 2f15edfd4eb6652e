-- A cell of an inferred parameter and its reference (red_clump.cell_width) and the labelled giants in it; Lucey et al.
-- 2020, figures 2 and 3, upper panels.
select
    parameter,
    reference,
    floor((inferred + difference) / red_clump.cell_width(parameter)) * red_clump.cell_width(parameter) as reference_low,
    floor(inferred / red_clump.cell_width(parameter)) * red_clump.cell_width(parameter) as inferred_low,
    red_clump.cell_width(parameter) as cell_width,
    count(*) as n
from red_clump.parameter_differences
group by all
order by all
