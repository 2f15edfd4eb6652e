-- A band's extinction per unit of E at the reference labels, beside published curves that are scaled to the same R(ps1_g) -
-- R(ks), and the slopes of figure 11 of Green et al. 2020: the colour excess before the band over that after it, for the
-- bands that Schlafly et al. 2016 have too.
with answers as (
    select
        unnest(
            map_entries(
                photometry_net(
                    cuts.reference_teff(), cuts.reference_logg(), cuts.reference_feh()
                )::map (varchar, double)
            )
        ) as entry
),

vectors as (
    select
        bands.band,
        bands.wavelength_um,
        answers.entry.value as extinction,
        bands.extinction_g23 as g23,
        bands.extinction_s16 as s16,
        bands.survey = 'gaia_dr2' as is_gaia
    from photometric.bands as bands
    inner join answers on answers.entry."key" = 'extinction_' || bands.band
),

scales as (
    select
        max(extinction) filter (where band = 'ps1_g') - max(extinction) filter (where band = 'ks') as span,
        span / (max(g23) filter (where band = 'ps1_g') - max(g23) filter (where band = 'ks')) as g23_scale,
        span / (max(s16) filter (where band = 'ps1_g') - max(s16) filter (where band = 'ks')) as s16_scale
    from vectors
)

select
    vectors.band,
    vectors.wavelength_um,
    vectors.extinction,
    vectors.g23 * scales.g23_scale as extinction_g23,
    vectors.s16 * scales.s16_scale as extinction_s16,
    case
        when not is_gaia
            then (lag(extinction) over chain - extinction) / (extinction - lead(extinction) over chain)
    end as slope,
    case when not is_gaia then (lag(g23) over chain - g23) / (g23 - lead(g23) over chain) end as slope_g23,
    case when not is_gaia then (lag(s16) over chain - s16) / (s16 - lead(s16) over chain) end as slope_s16
from vectors
cross join scales
window chain as (partition by is_gaia order by wavelength_um)
order by wavelength_um
