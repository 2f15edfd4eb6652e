-- A band of the photometry system: where its magnitudes stand, their system, what turns AB into Vega, and what published
-- extinction curves give it (photometric.band_table says how).
with listed as (
    select unnest(photometric.band_table()) as entry
)

select
    entry.band,
    entry.survey,
    entry.magnitude_column,
    entry.system,
    entry.ab_minus_vega::double as ab_minus_vega,
    entry.wavelength_um::double as wavelength_um,
    entry.extinction_g23::double as extinction_g23,
    entry.extinction_s16::double as extinction_s16
from listed
