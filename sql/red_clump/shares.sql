-- A cell of survey, magnitude (G, or Ks + 2.2 where there is no G) and latitude: its giants that have a P(RC), and the share of red
-- clump that they give themselves, the mean of p_rc_sky.
select
    giants.survey,
    floor(coalesce(giants.phot_g_mean_mag, giants.ks_m + cuts.giant_g_ks()))::integer as magnitude_low,
    red_clump.latitude_cell(giants.b)::integer as abs_b_low,
    count(*) as n,
    avg(probabilities.p_rc_sky) as clump_share
from red_clump.sky_probabilities as probabilities
inner join red_clump.giants as giants
    on probabilities.survey = giants.survey and probabilities.source_id = giants.source_id
group by all
