-- A star of the parent sample, by the column names of Hogg et al. 2018, table 1; Gaia's parallaxes are without any offset.
select
    apogee_id as "2MASS_ID", -- noqa: RF05
    parallax as "Gaia.parallax", -- noqa: RF05
    parallax_error as "Gaia.parallax_err", -- noqa: RF05
    spec_parallax as "spec.parallax", -- noqa: RF05
    spec_parallax_error as "spec.parallax_err", -- noqa: RF05
    training_set as "training.set", -- noqa: RF05
    sample
from parallax.catalogue
order by apogee_id
