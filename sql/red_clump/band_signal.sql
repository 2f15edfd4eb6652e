-- A band, the change of its magnitude by a change of [C/N], and the typical error of a magnitude in it (Lucey et al. 2020, section 2);
-- figure 1.
with typical as (
    select
        unnest(['g', 'bp', 'rp', 'ps1_g', 'ps1_r', 'ps1_i', 'ps1_z', 'ps1_y', 'j', 'h', 'ks', 'w1', 'w2']) as band,
        unnest([0.002, 0.010, 0.010, 0.008, 0.007, 0.009, 0.011, 0.012, 0.026, 0.027, 0.026, 0.026, 0.026])
            as typical_error_mag
)

select
    bands.band,
    bands.wavelength_um,
    expected.change_mag,
    typical.typical_error_mag::double as typical_error_mag,
    abs(expected.change_mag) / typical_error_mag as signal_to_noise
from red_clump.expected_changes as expected
inner join photometric.bands as bands on expected.band = bands.band
inner join typical on bands.band = typical.band
order by bands.wavelength_um
