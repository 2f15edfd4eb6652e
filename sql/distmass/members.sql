-- A spectrum of a member of a star cluster, by APOGEE's own list or by OCCAM's probabilities; where a table has no APOGEE
-- names, by the position that is part of the name, within 2 arcsec.
with occam as (
    select
        occam."APOGEE_ID" as apogee_id,
        coalesce(listed.cluster, occam."CLUSTER") as cluster,
        distmass.ra_of_name(occam."APOGEE_ID") as ra,
        distmass.dec_of_name(occam."APOGEE_ID") as "dec"
    from staging.occam as occam
    left join distmass.cluster_distances as listed on occam."CLUSTER" = listed.occam_name
    where
        occam."RV_PROB" > cuts.distmass_min_member_probability()
        and occam."FEH_PROB" > cuts.distmass_min_member_probability()
        and occam."PM_PROB" > cuts.distmass_min_member_probability()
),

zones as (
    select
        cluster,
        ra,
        "dec",
        floor("dec" * 60)::integer + unnest([-1, 0, 1]) as zone
    from occam
),

nameless as (
    select
        spectrum_id,
        ra,
        "dec",
        floor("dec" * 60)::integer as zone
    from distmass.spectra
    where apogee_id is null and "dec" is not null
),

found as (
    select
        spectrum_id,
        member as cluster
    from distmass.spectra
    where member is not null
    union
    select
        spectra.spectrum_id,
        occam.cluster
    from distmass.spectra as spectra
    inner join occam on spectra.apogee_id = occam.apogee_id
    union
    select
        nameless.spectrum_id,
        zones.cluster
    from nameless
    inner join zones using (zone)
    where sphere.separation_arcsec(nameless.ra, nameless."dec", zones.ra, zones."dec") < 2
)

select
    found.spectrum_id,
    found.cluster,
    listed.distance_kpc as cluster_distance_kpc,
    listed.cluster_log_age
from found
left join distmass.cluster_distances as listed using (cluster)
qualify row_number() over (partition by found.spectrum_id order by listed.distance_kpc nulls last, found.cluster) = 1
