-- A band's extinction relative to that at the reference labels, minus 1, in a bin of Teff, of giants and of dwarfs; figure 10
-- of Green et al. 2020 as a line each.
select
    survey,
    band,
    logg < cuts.lucey_max_logg() as is_giant,
    floor(teff_k / cuts.residual_teff_bin()) * cuts.residual_teff_bin() as bin_low,
    count(*) as n,
    avg(extinction_variation order by extinction_variation) as extinction_variation,
    stddev_pop(extinction_variation order by extinction_variation) as extinction_variation_scatter,
    avg(logg order by logg) as logg
from photometry.reddening_variations
group by survey, band, is_giant, bin_low
