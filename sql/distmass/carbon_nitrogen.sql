-- A star with [C/N], its masses and age, its place, and whether it is a subgiant before the first dredge-up or a giant;
-- Stone-Martinez et al. 2024, figures 7 to 10, 13, 15 and 18. Galactocentric radius with the Sun of cuts.sun_x_kpc().
select
    stars.spectrum_id,
    stars.survey,
    stars.teff_k,
    stars.logg,
    stars.m_h,
    training.mass_apokasc2_label,
    training.mass_apokasc3_label,
    stars.mass_apokasc2_msun,
    stars.mass_apokasc3_msun,
    stars.paper_mass_apokasc2_msun,
    ages.log_age_apokasc2,
    stars.gaia_distance_kpc,
    members.cluster,
    floor(stars.logg / cuts.distmass_logg_bin()) * cuts.distmass_logg_bin() as logg_low,
    stars.c_fe - stars.n_fe as c_n,
    distmass.spoo_log_age(c_n) as log_age_spoo,
    stats.hypot(
        sphere.galactocentric_x_kpc(stars.l, stars.b, stars.weighted_distance_kpc),
        sphere.galactocentric_y_kpc(stars.l, stars.b, stars.weighted_distance_kpc)
    ) as galactocentric_radius_kpc,
    case
        when stars.logg between 3.5 and 4 and stars.teff_k between 4750 and 5500 then 'subgiant'
        when stars.logg between 2.5 and 3 then 'giant'
    end as stage
from distmass.distances as stars
left join distmass.training as training using (spectrum_id)
left join distmass.ages as ages using (spectrum_id)
left join distmass.members as members using (spectrum_id)
