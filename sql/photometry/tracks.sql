-- A point of an evolutionary track or isochrone with the absolute magnitudes and extinctions per unit of E that the network
-- gives it, and the density of training stars there: where it is low the network extrapolates (photometry.is_valid).
with points as (
    select
        'parsec' as library,
        mh as feh,
        logage as log_age,
        mini as initial_mass_msun,
        mact as mass_msun,
        logl as log_luminosity,
        pow(10, logte) as teff_k,
        logg,
        phase
    from staging.parsec
    union all by name
    select
        'dartmouth' as library,
        m_h as feh,
        mass as initial_mass_msun,
        log_l as log_luminosity,
        teff as teff_k,
        logg,
        log10(age_gyr) + 9 as log_age
    from staging.dartmouth
),

answered as (
    select
        *,
        photometry_net(teff_k, logg, feh) as network,
        photometry_density_net(teff_k, logg, feh) as density
    from points
)

select
    * exclude (network, density),
    network.*,
    density.density_g,
    density.density_parallax
from answered
