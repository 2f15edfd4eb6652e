-- A labelled star with scores from networks that were not trained on it; all of the sky where no network was trained in it.
with labelled as (
    select * from red_clump.scores
    semi join red_clump.labels using (survey, source_id)
),

thirteen_bands as (
    select
        * exclude (p_rc, p_rc_photometric),
        p_rc as joint_p_rc
    from red_clump.cross_validation
    union all by name
    select
        * exclude (
            ra, "dec", l, b, parallax, parallax_error, parallax_zero_point, phot_g_mean_mag, j_m, h_m, ks_m,
            w1mpro, w2mpro, j_m_error, h_m_error, ks_m_error, w1mpro_error, w2mpro_error,
            g_error_ratio, bands, inside_hull, p_rc, p_rc_photometric
        )
    from (
        select
            survey,
            source_id,
            columns(lambda c: c not in ('survey', 'source_id') and not starts_with(c, 'any_'))
        from labelled
    ) as six
    where
        not exists (select 1 from red_clump.cross_validation)
        and not coalesce(main.trained_on('red_clump', ra, "dec"), true)
),

any_bands as (
    select * from red_clump.any_bands_cross_validation
    union all by name
    select
        survey,
        source_id,
        p_rc,
        p_rc_photometric,
        columns('any_.*')
    from labelled
    where
        not exists (select 1 from red_clump.any_bands_cross_validation)
        and not coalesce(main.trained_on('red_clump_any_bands', ra, "dec"), true)
)

select * from any_bands
left join thirteen_bands using (survey, source_id)
