-- A labelled giant and its bin by each selection method that works with bins, beside the coarser bin that lends its share of
-- red clump where the finer one is sparse.
with binned as (
    select * from red_clump.binned
)

select
    'bins_4d' as method,
    [delta_nu_bin, delta_p_bin] as coarse_bin,
    [teff_bin, logg_bin, delta_nu_bin, delta_p_bin] as bin,
    *
from binned
where delta_p_bin is not null
union all by name
select
    'teff_logg_photometric' as method,
    [teff_bin] as coarse_bin,
    [teff_bin, logg_bin] as bin,
    *
from binned
where teff_bin is not null
union all by name
select
    'teff_logg_spectroscopic' as method,
    [teff_label_bin] as coarse_bin,
    [teff_label_bin, logg_label_bin] as bin,
    *
from binned
where teff_label_bin is not null and logg_label_bin is not null
