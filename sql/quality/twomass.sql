-- A 2MASS source and whether J, H and Ks are of the wanted quality; Lucey et al. 2020, section 2.2 (iii).
select
    designation,
    coalesce(quality.passes_letters(ph_qual, cuts.twomass_quality()), false) as passes_twomass
from staging.twomass
