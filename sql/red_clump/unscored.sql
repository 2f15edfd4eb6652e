-- A scored star that is not in red_clump.scores because no row of red_clump.scored has the measurements that the quality cuts now
-- leave it: they were moved beyond the tightest that scores were made for (cuts.tightest_ruwe and the like). `run` scores again.
select
    survey,
    source_id
from red_clump.scored
group by survey, source_id
having
    not bool_or(
        red_clump.is_outcome_of_cuts(
            uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp
        )
    )
