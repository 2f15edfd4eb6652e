-- A Gaia release: the errors of its zero points, which its flux errors leave out, and what its parallaxes are set right by. What
-- DR4 needs was not known: DR3's stands for it.
select
    'gaia_dr2' as survey,
    'constant' as zero_point_recipe,
    cuts.g_zero_point_error()::double as g_zero_point_error,
    cuts.gaia_dr2_bp_zero_point_error()::double as bp_zero_point_error,
    cuts.gaia_dr2_rp_zero_point_error()::double as rp_zero_point_error
union all
select
    unnest(['gaia_dr3', 'gaia_dr4']) as survey,
    'Lindegren+2021' as zero_point_recipe,
    cuts.gaia_dr3_g_zero_point_error()::double as g_zero_point_error,
    cuts.gaia_dr3_bp_zero_point_error()::double as bp_zero_point_error,
    cuts.gaia_dr3_rp_zero_point_error()::double as rp_zero_point_error
