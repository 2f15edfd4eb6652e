-- A cluster with the means and scatters of its members' distances and ages by the ensemble and the paper's networks;
-- Stone-Martinez et al. 2024, figures 5 and 17.
select
    members.cluster,
    members.cluster_distance_kpc,
    members.cluster_log_age,
    count(*) as n,
    count(stars."DISTANCE") as n_distances,
    count(stars."AGE_APOKASC2") as n_ages,
    avg(stars."DISTANCE") as distance_kpc,
    stddev_samp(stars."DISTANCE") as distance_kpc_scatter,
    distance_kpc / members.cluster_distance_kpc - 1 as fractional_error,
    distance_kpc_scatter / distance_kpc as fractional_scatter,
    avg(stars."DISTANCE_PAPER") as distance_kpc_paper,
    stddev_samp(stars."DISTANCE_PAPER") / distance_kpc_paper as fractional_scatter_paper,
    avg(stars."NMSU_DIST") as distance_kpc_nmsu,
    median(stars."GAIAEDR3_DIST") as gaia_distance_kpc,
    avg(stars."AGE_APOKASC2") as log_age,
    stddev_samp(stars."AGE_APOKASC2") as log_age_scatter,
    avg(stars."AGE_APOKASC2_PAPER") as log_age_paper,
    stddev_samp(stars."AGE_APOKASC2_PAPER") as log_age_scatter_paper
from distmass.members as members
inner join distmass.catalogue as stars on members.spectrum_id = stars."SPECTRUM_ID"
group by members.cluster, members.cluster_distance_kpc, members.cluster_log_age
