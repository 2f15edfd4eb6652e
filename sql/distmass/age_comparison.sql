-- A giant inside the training space with its ages by the ensemble and the paper's network, and a published one;
-- Stone-Martinez et al. 2024, figure 16.
with published as (
    select
        'astroNN' as reference,
        apogee_id,
        median(log10(age) + 9) as log_age_published
    from staging.astronn_ages
    where age > 0
    group by apogee_id
    union all
    select
        'APO-K2' as reference,
        apogee_id,
        median(log10(age_gyr) + 9) as log_age_published
    from staging.apo_k2_ages
    where age_gyr > 0 and apogee_id is not null
    group by apogee_id
)

select
    published.reference,
    ages.spectrum_id,
    inputs.logg,
    inputs.m_h,
    published.log_age_published,
    ages.log_age_apokasc2,
    ages.log_age_apokasc2_low,
    ages.log_age_apokasc2_high,
    ages.paper_log_age_apokasc2,
    ages.log_age_apokasc2 - published.log_age_published as log_age_difference
from published
inner join distmass.inputs as inputs using (apogee_id)
inner join distmass.ages as ages using (spectrum_id)
where ages.log_age_apokasc2 is not null
