-- What the distances of selected red clump stars rest on, and how many stars do: lines fitted in this workspace or shipped ones.
select
    'distances' as quantity,
    distance_recipe as origin,
    count(*) as n
from red_clump.distances
group by distance_recipe
order by n desc
