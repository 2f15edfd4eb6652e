-- A spectrum that the networks are applied to: not STAR_BAD, with every label that they read.
select *
from distmass.stars
where not (is_bad or lacks_parameters or lacks_abundances)
