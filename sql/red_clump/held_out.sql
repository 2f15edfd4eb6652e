-- A star with scores from networks that were not trained on it; all of the sky where no network was trained in it.
select * from red_clump.cross_validation
union all by name
select
    * exclude (
        ra, "dec", l, b, parallax, parallax_error, parallax_zero_point, phot_g_mean_mag, j_m, h_m, ks_m, w1mpro,
        w2mpro, j_m_error, h_m_error, ks_m_error, w1mpro_error, w2mpro_error, g_error_ratio, inside_hull
    )
from red_clump.scores
where not exists (select 1 from red_clump.cross_validation)
