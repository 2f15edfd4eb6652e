-- A cell of the de-noised colour-magnitude diagram with the mean labels of its stars. Green et al. 2020, figure 7.
select
    survey,
    blue,
    red,
    floor(predicted_colour / cuts.locus_colour_bin()) * cuts.locus_colour_bin() as colour_low,
    floor(predicted_absolute_g / cuts.locus_magnitude_bin()) * cuts.locus_magnitude_bin() as absolute_g_low,
    count(*) as n,
    avg(teff_k) as teff_k,
    avg(logg) as logg,
    avg(feh) as feh
from photometry.loci
group by survey, blue, red, colour_low, absolute_g_low
