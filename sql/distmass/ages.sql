-- A giant with its ages from each mass: log10 of years, and those at one standard error more and less mass (no less than the
-- least mass of an age), and what the mass loss that Stone-Martinez et al. 2024 allow (section 6.2) would take away.
select
    spectrum_id,
    distmass.log10_age(mass_apokasc2_msun, m_h, alpha_m) as log_age_apokasc2,
    distmass.log10_age_beside(mass_apokasc2_msun, mass_apokasc2_msun_error, m_h, alpha_m) as log_age_apokasc2_low,
    distmass.log10_age_beside(mass_apokasc2_msun, -mass_apokasc2_msun_error, m_h, alpha_m) as log_age_apokasc2_high,
    distmass.log10_age_beside(mass_apokasc2_msun, cuts.distmass_mass_loss(), m_h, alpha_m) - log_age_apokasc2
        as log_age_mass_loss,
    distmass.log10_age(mass_apokasc3_msun, m_h, alpha_m) as log_age_apokasc3,
    distmass.log10_age_beside(mass_apokasc3_msun, mass_apokasc3_msun_error, m_h, alpha_m) as log_age_apokasc3_low,
    distmass.log10_age_beside(mass_apokasc3_msun, -mass_apokasc3_msun_error, m_h, alpha_m) as log_age_apokasc3_high,
    distmass.log10_age(paper_mass_apokasc2_msun, m_h, alpha_m) as paper_log_age_apokasc2
from distmass.predictions
where logg < cuts.distmass_max_logg_age()
