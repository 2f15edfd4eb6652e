-- A giant and its P(RC) where as many giants are red clump as its cell of magnitude and latitude says, or as the cut
-- red_clump_prior says for all.
select
    giants.survey,
    giants.source_id,
    giants.p_rc,
    coalesce(nullif(cuts.red_clump_prior(), 0), shares.clump_share)::double as clump_share,
    red_clump.with_share(giants.p_rc, clump_share) as p_rc_sky
from red_clump.giants as giants
left join red_clump.shares as shares
    on
        floor(coalesce(giants.phot_g_mean_mag, giants.ks_m))::integer is not distinct from shares.magnitude_low
        and red_clump.latitude_cell(giants.b)::integer is not distinct from shares.abs_b_low
where giants.p_rc is not null
