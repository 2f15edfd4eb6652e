-- An AllWISE source, as it is listed, and whether W1 and W2 are of the wanted quality, all and each; Lucey et al. 2020, section 2.2 (iii).
select
    *,
    coalesce(quality.passes_letters(ph_qual, cuts.allwise_quality()), false) as passes_allwise,
    quality.passes_letter(ph_qual, cuts.allwise_quality(), 1) as passes_w1,
    quality.passes_letter(ph_qual, cuts.allwise_quality(), 2) as passes_w2
from staging.allwise
