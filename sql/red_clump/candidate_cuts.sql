-- A simple selection along bin edges (DeltaP above, Delta nu below, Teff above; or P(RC) above) with what it selects of the
-- labelled giants that choose it (three folds) and of those that judge it (the other two).
with binned as (
    select * from red_clump.binned
),

edges as (
    select
        'delta_p' as method,
        min_delta_p_s,
        max_delta_nu_uhz,
        min_teff_k,
        0 as min_p_rc
    from
        (select unnest(range(100, 340, 5)) as min_delta_p_s) as delta_p_edges,
        (select unnest([4.5, 5, 5.25, 5.5, 6, 7, 8.5, 100]) as max_delta_nu_uhz) as delta_nu_edges,
        (select unnest([0, 4500, 4600, 4700, 4800]) as min_teff_k) as teff_edges
    union all
    select
        'p_rc' as method,
        0 as min_delta_p_s,
        1000 as max_delta_nu_uhz,
        0 as min_teff_k,
        unnest(range(1, 100)) / 100 as min_p_rc
),

chosen as (
    select
        edges.*,
        labelled.fold < 3 as chooses,
        count(*) as n_selected,
        count(*) filter (where labelled.is_rc) as n_true
    from edges
    inner join binned as labelled
        on
            coalesce(labelled.delta_p_s, 1) > edges.min_delta_p_s
            and coalesce(labelled.delta_nu_uhz, 1) < edges.max_delta_nu_uhz
            and edges.min_teff_k < labelled.teff_k
            and coalesce(labelled.p_rc, 1) > edges.min_p_rc
            and (edges.method = 'p_rc' or labelled.delta_p_s is not null)
    group by all
),

totals as (
    select
        fold < 3 as chooses,
        count(*) as n_labelled,
        count(*) filter (where is_rc) as n_rc
    from binned
    group by chooses
)

select
    chosen.*,
    1 - chosen.n_true / chosen.n_selected as contamination,
    chosen.n_true / totals.n_rc as completeness,
    totals.n_rc / totals.n_labelled as base_rate
from chosen
inner join totals using (chooses)
