-- A quality cut: the stars that it removes alone, those it removes after the cuts before it, and those left then.
with cut_names as (
    select
        generate_subscripts(names, 1) as place,
        unnest(names) as cut
    from (
        select
            [
                'passes_excess_factor', 'passes_ruwe', 'passes_twomass', 'passes_allwise', 'passes_saturation',
                'has_panstarrs1'
            ] as names
    ) as listed
),

removed as (
    select
        cut_names.place,
        cut_names.cut,
        coalesce(sum(n) filter (where passes[place] = false), 0)::bigint as n_alone,
        coalesce(sum(n) filter (where list_position(passes, false) = place), 0)::bigint as n_in_order,
        coalesce(sum(n), 0)::bigint as n_total
    from cut_names
    left join red_clump.quality_patterns on true
    group by cut_names.place, cut_names.cut
)

select
    cut,
    n_alone,
    n_in_order,
    (n_total - sum(n_in_order) over (order by place))::bigint as n_left
from removed
order by place
