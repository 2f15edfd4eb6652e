-- Dates as Julian years.

-- [yr] Julian year of a Julian date jd [d].
create or replace macro sphere.year_of_jd(jd) as 2000.0 + (jd - 2451545.0) / 365.25;

-- [yr] Julian year of a modified Julian date mjd [d].
create or replace macro sphere.year_of_mjd(mjd) as 2000.0 + (mjd - 51544.5) / 365.25;
