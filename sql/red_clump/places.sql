-- A star that may be red clump and where it stands, as the crossmatch wants it: proper motions play no part.
select
    survey,
    ra,
    "dec",
    2000::double as epoch_yr,
    0::double as pmra,
    0::double as pmdec,
    survey || ':' || source_id as id
from red_clump.stars
where ra is not null and "dec" is not null
