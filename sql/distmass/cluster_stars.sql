-- A member of a star cluster in the Kiel diagram with its age and distance; Stone-Martinez et al. 2024, figures 17 and 18.
select
    stars.*,
    members.cluster,
    members.cluster_distance_kpc,
    members.cluster_log_age
from distmass.members as members
inner join distmass.catalogue as stars on members.spectrum_id = stars."SPECTRUM_ID"
