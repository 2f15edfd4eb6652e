-- A cell of Teff against the variation of a band's extinction, with the mean log g of its stars: the pixels of figure 10 of
-- Green et al. 2020.
select
    survey,
    band,
    floor(teff_k / cuts.reddening_teff_cell()) * cuts.reddening_teff_cell() as bin_low,
    floor(extinction_variation / cuts.reddening_variation_cell()) * cuts.reddening_variation_cell() as variation_low,
    count(*) as n,
    avg(logg) as logg
from photometry.reddening_variations
group by survey, band, bin_low, variation_low
