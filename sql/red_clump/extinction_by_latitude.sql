-- Five degrees of Galactic latitude: extinction of the selected red clump stars there; Lucey et al. 2020, figure 6, upper right.
select
    floor(distances.b / 5) * 5 as b_low_deg,
    count(*) as n,
    median(distances.extinction) * cuts.a_g_over_a_w1() / cuts.a_g_over_a_v() as a_v_median,
    quantile_cont(distances.extinction, 0.16) * cuts.a_g_over_a_w1() / cuts.a_g_over_a_v() as a_v_low,
    quantile_cont(distances.extinction, 0.84) * cuts.a_g_over_a_w1() / cuts.a_g_over_a_v() as a_v_high,
    3.1 * median(truth.ebv) as a_v_true_median
from red_clump.distances as distances
left join red_clump.truth as truth using (survey, source_id)
where distances.recipe = 'G-W1'
group by b_low_deg
order by b_low_deg
