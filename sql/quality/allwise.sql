-- An AllWISE source and whether W1 and W2 are of the wanted quality; Lucey et al. 2020, section 2.2 (iii).
select
    designation,
    coalesce(quality.passes_letters(ph_qual, cuts.allwise_quality()), false) as passes_allwise
from staging.allwise
