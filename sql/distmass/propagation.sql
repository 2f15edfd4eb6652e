-- Errors of the labels carried to an output by its derivatives.

-- [] Variance of an output, in its unit squared, from its derivatives by_teff, by_logg, by_m_h, by_c_fe and by_n_fe
-- and the errors teff_error [K], logg_error, m_h_error, c_fe_error and n_fe_error [dex].
create or replace macro distmass.propagated_variance(
    by_teff, by_logg, by_m_h, by_c_fe, by_n_fe, teff_error, logg_error, m_h_error, c_fe_error, n_fe_error
) as
distmass.added_variance(by_teff, teff_error, cuts.distmass_reference_teff_error())
+ distmass.added_variance(by_logg, logg_error, cuts.distmass_reference_logg_error())
+ distmass.added_variance(by_m_h, m_h_error, cuts.distmass_reference_m_h_error())
+ distmass.added_variance(by_c_fe, c_fe_error, cuts.distmass_reference_c_fe_error())
+ distmass.added_variance(by_n_fe, n_fe_error, cuts.distmass_reference_n_fe_error());
