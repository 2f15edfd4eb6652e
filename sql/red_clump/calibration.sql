-- A twentieth of the range of P(RC): the labelled giants that the catalogue can accept and that were given it, and how
-- many of them are red clump; for each label table, of all its stars and of those of one set of bands.
with judged as (
    select
        *,
        unnest(['all', band_set]) as bands
    from red_clump.binned
    where p_rc is not null
)

select
    labels,
    bands,
    least(floor(p_rc * 20), 19) / 20 as p_rc_low,
    p_rc_low + 0.05 as p_rc_high,
    count(*) as n,
    avg(p_rc) as p_rc_mean,
    avg(is_rc::integer) as rc_share,
    stats.wilson_low(sum(is_rc::integer), count(*)) as rc_share_low,
    stats.wilson_high(sum(is_rc::integer), count(*)) as rc_share_high,
    avg(is_rc_by_phase::integer) as rc_share_by_phase
from judged
group by labels, bands, p_rc_low
order by labels, bands, p_rc_low
