-- What the errors of the paper's distances rest on, and how many spectra do: a fit in this workspace or what the paper states.
select
    'errors of the paper''s distances' as quantity,
    origin,
    count(*) as n
from distmass.paper_errors
group by origin
order by n desc
