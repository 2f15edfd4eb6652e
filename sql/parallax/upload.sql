-- A giant of APOGEE's allStar with 0 < log g < 2.2, with the name that 2MASS has for it: the table to give the Gaia archive, which joins
-- Gaia DR2, 2MASS and AllWISE to it by its own matches (docs/parallax.md). Further spectra of a star are left out.
select
    apogee_id,
    teff,
    logg,
    m_h,
    alpha_m,
    vhelio_avg,
    substr(apogee_id, 3) as designation,
    nullif(member, '') as member
from staging.apogee_all_star
where
    apogee_id like '2M%'
    and logg > cuts.hogg_min_logg() and logg < cuts.hogg_max_logg()
    and coalesce(extratarg, 0) & cuts.hogg_duplicate_bit() = 0
qualify row_number() over (partition by apogee_id order by teff, logg) = 1
