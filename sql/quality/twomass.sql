-- A 2MASS source, as it is listed, and whether J, H and Ks are of the wanted quality, all and each; Lucey et al. 2020, section 2.2 (iii).
select
    *,
    coalesce(quality.passes_letters(ph_qual, cuts.twomass_quality()), false) as passes_twomass,
    quality.passes_letter(ph_qual, cuts.twomass_quality(), 1) as passes_j,
    quality.passes_letter(ph_qual, cuts.twomass_quality(), 2) as passes_h,
    quality.passes_letter(ph_qual, cuts.twomass_quality(), 3) as passes_ks
from staging.twomass
