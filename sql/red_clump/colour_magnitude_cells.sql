-- A cell of J - Ks, 0.02 mag wide, and of absolute Ks by a parallax better than 20 %, 0.1 mag high, not corrected for dust: the
-- giants in it, and those of them in the catalogue. The red clump is the dense place near Ks = -1.6.
select
    floor((j_m - ks_m) / 0.02) * 0.02 as j_ks_low_mag,
    floor((ks_m + 5 * log10(parallax - parallax_zero_point) - 10) / 0.1) * 0.1 as absolute_ks_low_mag,
    count(*) as n,
    count(tier) as n_selected
from red_clump.giants
where
    parallax_error < 0.2 * (parallax - parallax_zero_point)
    and j_m is not null
    and ks_m is not null
group by all
order by all
