-- A spectrum whose absolute magnitude isochrones are asked for: its labels, and their errors, which have a floor.
select
    spectrum_id,
    teff_k,
    logg,
    m_h,
    greatest(coalesce(teff_k_error, 0), cuts.distmass_nmsu_teff_error()) as teff_k_error,
    greatest(coalesce(logg_error, 0), cuts.distmass_nmsu_logg_error()) as logg_error,
    greatest(coalesce(m_h_error, 0), cuts.distmass_nmsu_m_h_error()) as m_h_error
from distmass.inputs
order by spectrum_id
