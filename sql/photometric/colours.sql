-- A colour between bands that are neighbours in wavelength, Gaia's among themselves and the others among themselves; and
-- BP - RP, the colour of figure 6 of Green et al. 2020.
with bands as (
    select * from photometric.bands
),

neighbours as (
    select
        band as blue,
        wavelength_um as blue_wavelength_um,
        lead(band) over chain as red
    from bands
    window chain as (partition by survey = 'gaia_dr2' order by wavelength_um)
    qualify red is not null
)

select * from neighbours
union all by name
select
    band as blue,
    wavelength_um as blue_wavelength_um,
    'rp' as red
from bands
where band = 'bp'
