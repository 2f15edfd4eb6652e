-- A pattern of passed and failed quality cuts, in the order of `funnel`, and the stars that show it.
select
    [
        passes_excess_factor, passes_ruwe, passes_twomass, passes_allwise, passes_saturation, has_panstarrs1
    ] as passes,
    count(*) as n
from red_clump.stars
group by passes
