-- A star cluster with its distance: of the user's own list, else that of Stone-Martinez et al. 2024, table 1, under APOGEE's
-- and OCCAM's name of it; M10 and N6752 have no distance there.
select
    cluster,
    null as occam_name,
    distance_kpc,
    log_age as cluster_log_age
from staging.clusters
union all by name
select listed.* replace (listed.distance_kpc::double as distance_kpc) from (
    values
    ('M92', null, 8.2), ('M15', null, 10), ('N5466', null, 15.9), ('N4147', null, 19), ('M2', null, 12),
    ('M13', null, 6.8), ('M3', null, 10), ('M5', null, 8), ('M12', null, 5), ('M107', null, 6),
    ('N2243', 'NGC 2243', 4.5), ('N2158', 'NGC 2158', 4), ('N2420', 'NGC 2420', 2.5), ('N188', 'NGC 188', 1.7),
    ('M67', 'NGC 2682', 0.9), ('N7789', 'NGC 7789', 2.2), ('N6791', 'NGC 6791', 4.078), ('N5053', null, 17.4),
    ('M68', null, 10), ('N6397', null, 2), ('M55', null, 5), ('M22', null, 3), ('M79', null, 13),
    ('N3201', null, 5), ('M10', null, null), ('N6752', null, null), ('omegacen', null, 5), ('M54', null, 27),
    ('Pal5', null, 23), ('N6544', null, 2.7), ('N288', null, 8.8), ('N362', null, 9), ('N1851', null, 12),
    ('M4', null, 2), ('N2808', null, 9.6), ('47TUC', null, 5), ('N6388', null, 10), ('N6553', null, 6.01)
) as listed (cluster, occam_name, distance_kpc)
where listed.cluster not in (select own.cluster from staging.clusters as own)
