-- A Gaia DR2 star and whether it passes each cut of Lucey et al. 2020, section 2.2 (i), (ii), (iv).
select * exclude (survey) from quality.gaia
where survey = 'gaia_dr2'
