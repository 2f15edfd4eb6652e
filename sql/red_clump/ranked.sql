-- A labelled giant and its worth by a selection method: the share of red clump among the labelled giants of its bin in
-- other folds, drawn towards the base rate where they are few, or its P(RC).
with bin_sets as (
    select
        'bins_4d' as method,
        [teff_bin, logg_bin, delta_nu_bin, delta_p_bin] as bin,
        *
    from red_clump.binned
    union all by name
    select
        'teff_logg_photometric' as method,
        [teff_bin, logg_bin] as bin,
        *
    from red_clump.binned
    union all by name
    select
        'teff_logg_spectroscopic' as method,
        [teff_label_bin, logg_label_bin] as bin,
        *
    from red_clump.binned
    where teff_label_bin is not null and logg_label_bin is not null
),

counts as (
    select
        method,
        bin,
        fold,
        count(*) as n,
        count(*) filter (where is_rc) as n_rc
    from bin_sets
    group by all
),

elsewhere as (
    select
        method,
        bin,
        fold,
        sum(n) over same_bin - n as n_others,
        sum(n_rc) over same_bin - n_rc as n_rc_others,
        sum(n_rc) over whole / sum(n) over whole as base_rate
    from counts
    window
        same_bin as (partition by method, bin),
        whole as (partition by method)
)

select
    method,
    source_id,
    is_rc,
    is_rc_by_phase,
    (n_rc_others + cuts.pooled_stars() * base_rate) / (n_others + cuts.pooled_stars()) as worth
from bin_sets
inner join elsewhere using (method, bin, fold)
union all by name
select
    'joint' as method,
    source_id,
    is_rc,
    is_rc_by_phase,
    p_rc as worth
from red_clump.binned
where p_rc is not null
