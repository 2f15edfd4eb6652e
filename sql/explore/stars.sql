-- What the page of `candlesql explore` shows and selects.

-- [rows] A giant of the catalogue, its tier, and the step of each axis of the page that it falls into; the spans of the axes are
-- those of the table named limits, with the columns of explore.limits.
create or replace macro explore.stars(limits) as table
    select
        catalogue.survey,
        catalogue.source_id,
        catalogue.l,
        catalogue.b,
        coalesce(catalogue.tier, 3)::utinyint as tier,
        explore.step(
            sphere.hammer_x(sphere.signed_longitude(catalogue.l), catalogue.b), spans.sky_x
        ) as sky_x,
        explore.step(
            sphere.hammer_y(sphere.signed_longitude(catalogue.l), catalogue.b), spans.sky_y
        ) as sky_y,
        explore.step(scores.j_m - scores.ks_m, spans.j_ks) as j_ks,
        explore.step(scores.ks_m, spans.ks_m) as ks_m,
        explore.step(catalogue.teff_k, spans.teff_k) as teff_k,
        explore.step(catalogue.logg, spans.logg) as logg,
        explore.step(catalogue.delta_p_s, spans.delta_p_s) as delta_p_s,
        explore.step(catalogue.delta_nu_uhz, spans.delta_nu_uhz) as delta_nu_uhz,
        explore.step(catalogue.p_rc, spans.p_rc) as p_rc,
        explore.step(catalogue.distance_kpc, spans.distance_kpc) as distance_kpc,
        explore.step(catalogue.x_kpc, spans.x_kpc) as x_kpc,
        explore.step(catalogue.y_kpc, spans.y_kpc) as y_kpc,
        explore.step(catalogue.z_kpc, spans.z_kpc) as z_kpc
    from red_clump.catalogue as catalogue
    left join red_clump.scores as scores using (survey, source_id)
    cross join query_table(limits) as spans;
