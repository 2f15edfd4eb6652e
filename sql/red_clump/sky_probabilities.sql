-- A giant and its P(RC) where the share red_clump_prior of the giants of its survey is red clump (red_clump.odds_factors). Where that
-- cut is 0 it is P(RC) as it is, which reads magnitude and latitude itself.
select
    giants.survey,
    giants.source_id,
    giants.p_rc,
    coalesce(factors.odds_factor, 1) as odds_factor,
    red_clump.with_odds(giants.p_rc, coalesce(factors.odds_factor, 1)) as p_rc_sky
from red_clump.giants as giants
left join red_clump.odds_factors as factors on giants.survey = factors.survey
where giants.p_rc is not null
