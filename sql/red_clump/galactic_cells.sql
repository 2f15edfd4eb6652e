-- A cell of the Galaxy, 0.2 by 0.2 kpc, seen from above (X, Y where |Z| < 3 kpc) or from the side (X, Z), and the selected red
-- clump stars in it; Lucey et al. 2020, figure 8.
with projected as (
    select
        'X-Y' as plane,
        tier,
        x_kpc,
        y_kpc as up_kpc
    from red_clump.catalogue
    where abs(z_kpc) < 3
    union all
    select
        'X-Z' as plane,
        tier,
        x_kpc,
        z_kpc as up_kpc
    from red_clump.catalogue
    where z_kpc is not null
)

select
    plane,
    floor(x_kpc / 0.2) * 0.2 as x_low_kpc,
    floor(up_kpc / 0.2) * 0.2 as up_low_kpc,
    count(*) as n,
    count(*) filter (where tier = 1) as n_tier_1
from projected
group by all
order by all
