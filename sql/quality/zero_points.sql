-- A Gaia release and a way in which the zero points of its parallaxes came, and the stars that have them by it.
select
    survey,
    zero_point_recipe,
    count(*) as n,
    avg(parallax_zero_point) as mean_parallax_zero_point
from quality.gaia
group by survey, zero_point_recipe
order by survey, zero_point_recipe
