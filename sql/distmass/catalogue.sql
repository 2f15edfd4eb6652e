-- A spectrum with distances, masses and ages: the columns of Stone-Martinez et al. 2024, table 2 (those of label sets that
-- were not trained on are NULL), then those of APOKASC-2 and APOKASC-3; the bits of BITMASK are those of table 3, 4 where
-- the distance network has not seen such stars, and 64 where nobody can know whether it was trained on this one.
with computed as (
    select
        stars.survey as "SURVEY",
        stars.star_id as "STAR_ID",
        stars.apogee_id as "APOGEE_ID",
        stars.apstar_id as "APSTAR_ID",
        stars.teff_k as "TEFF",
        stars.logg as "LOGG",
        stars.m_h as "M_H",
        stars.c_fe as "C_FE",
        stars.n_fe as "N_FE",
        stars.gaia_distance_kpc as "GAIAEDR3_DIST",
        stars.extinction as "EXTINCTION",
        stars.k as "MAG",
        stars.absolute_k_mag as "ABS_MAG",
        stars.distance_kpc as "DISTANCE",
        stars.distance_kpc_error as "DISTANCE_ERR",
        stars.weighted_distance_kpc as "DISTANCE_WEIGHTED",
        null::float as "MASS_UNCOR_SS",
        null::float as "MASS_COR_SS",
        null::float as "MASS_UNCOR_MO",
        null::float as "MASS_COR_MO",
        null::float as "MASS_UNCOR_TW",
        null::float as "MASS_COR_TW",
        null::float as "AGE_UNCOR_SS",
        null::float as "AGE_COR_SS",
        null::float as "AGE_UNCOR_MO",
        null::float as "AGE_COR_MO",
        null::float as "AGE_UNCOR_TW",
        null::float as "AGE_COR_TW",
        nmsu.distance_kpc as "NMSU_DIST",
        nmsu.distance_kpc_low as "NMSU_DIST_LOW",
        nmsu.distance_kpc_high as "NMSU_DIST_HIGH",
        stars.extinction_method as "EXTINCTION_METHOD",
        stars.mass_apokasc2_msun as "MASS_APOKASC2",
        stars.mass_apokasc3_msun as "MASS_APOKASC3",
        ages.log_age_apokasc2 as "AGE_APOKASC2",
        ages.log_age_apokasc2_low as "AGE_APOKASC2_LOW",
        ages.log_age_apokasc2_high as "AGE_APOKASC2_HIGH",
        ages.log_age_mass_loss as "AGE_MASS_LOSS",
        ages.log_age_apokasc3 as "AGE_APOKASC3",
        ages.log_age_apokasc3_low as "AGE_APOKASC3_LOW",
        ages.log_age_apokasc3_high as "AGE_APOKASC3_HIGH",
        stars.paper_absolute_k_mag as "ABS_MAG_PAPER",
        stars.paper_distance_kpc as "DISTANCE_PAPER",
        stars.paper_mass_apokasc2_msun as "MASS_APOKASC2_PAPER",
        stars.paper_mass_apokasc3_msun as "MASS_APOKASC3_PAPER",
        ages.paper_log_age_apokasc2 as "AGE_APOKASC2_PAPER",
        stars.spectrum_id as "SPECTRUM_ID",
        case when stars.is_inside then stars.absolute_k_mag_error end as "ABS_MAG_ERR",
        case when stars.is_inside_apokasc2 then stars.mass_apokasc2_msun_error end as "MASS_ERR",
        greatest(
            (ages.log_age_apokasc2_high - ages.log_age_apokasc2_low) / 2,
            ages.log_age_apokasc2 - ages.log_age_apokasc2_low
        ) as "AGE_ERR",
        (
            case when stars.is_trained_on then 1 else 0 end
            + case when stars.is_inside_apokasc2 or stars.is_inside_apokasc3 then 0 else 2 end
            + case when stars.is_inside then 0 else 4 end
            + case
                when coalesce(training.mass_apokasc2_label, training.mass_apokasc3_label) is not null then 8 else 0
            end
            + case when training.mass_isochrone_label is not null then 16 else 0 end
            + case when training.mass_subgiant_label is not null then 32 else 0 end
            + case when stars.is_trained_on is null then 64 else 0 end
        )::integer as "BITMASK",
        case when stars.is_inside_apokasc2 then stars.mass_apokasc2_msun_error end as "MASS_APOKASC2_ERR",
        case when stars.is_inside_apokasc3 then stars.mass_apokasc3_msun_error end as "MASS_APOKASC3_ERR",
        stars.paper_distance_kpc * stars.paper_distance_error_ratio as "DISTANCE_PAPER_ERR",
        stars.paper_mass_apokasc2_msun * cuts.distmass_mass_error_ratio() as "MASS_APOKASC2_PAPER_ERR"
    from distmass.distances as stars
    left join distmass.ages as ages using (spectrum_id)
    left join distmass.training as training using (spectrum_id)
    left join distmass.nmsu as nmsu using (spectrum_id)
)

select
    "APOGEE_ID",
    "APSTAR_ID",
    "TEFF",
    "LOGG",
    "M_H",
    "C_FE",
    "N_FE",
    "GAIAEDR3_DIST",
    "EXTINCTION",
    "MAG",
    "ABS_MAG",
    "ABS_MAG_ERR",
    "DISTANCE",
    "DISTANCE_ERR",
    "DISTANCE_WEIGHTED",
    "MASS_UNCOR_SS",
    "MASS_COR_SS",
    "MASS_UNCOR_MO",
    "MASS_COR_MO",
    "MASS_UNCOR_TW",
    "MASS_COR_TW",
    "MASS_ERR",
    "AGE_UNCOR_SS",
    "AGE_COR_SS",
    "AGE_UNCOR_MO",
    "AGE_COR_MO",
    "AGE_UNCOR_TW",
    "AGE_COR_TW",
    "AGE_ERR",
    "BITMASK",
    "NMSU_DIST",
    "SURVEY",
    "STAR_ID",
    "SPECTRUM_ID",
    "NMSU_DIST_LOW",
    "NMSU_DIST_HIGH",
    "EXTINCTION_METHOD",
    "MASS_APOKASC2",
    "MASS_APOKASC2_ERR",
    "MASS_APOKASC3",
    "MASS_APOKASC3_ERR",
    "AGE_APOKASC2",
    "AGE_APOKASC2_LOW",
    "AGE_APOKASC2_HIGH",
    "AGE_MASS_LOSS",
    "AGE_APOKASC3",
    "AGE_APOKASC3_LOW",
    "AGE_APOKASC3_HIGH",
    "ABS_MAG_PAPER",
    "DISTANCE_PAPER",
    "DISTANCE_PAPER_ERR",
    "MASS_APOKASC2_PAPER",
    "MASS_APOKASC2_PAPER_ERR",
    "MASS_APOKASC3_PAPER",
    "AGE_APOKASC2_PAPER"
from computed
