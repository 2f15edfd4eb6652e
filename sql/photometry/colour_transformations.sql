-- A magnitude of one survey from others: target = base + c0 + c1 x + c2 x^2 + c3 x^3 with x = blue - red, fitted to the
-- dust-free magnitudes of the network at the labels of stars inside its region of validity; then held against observed stars,
-- dust and all. Too few stars (cuts.min_transformation_stars) give no row.
with wanted (target, base, blue, red) as (
    values
    ('g', 'ps1_r', 'ps1_g', 'ps1_i'),
    ('bp', 'ps1_g', 'ps1_g', 'ps1_i'),
    ('rp', 'ps1_i', 'ps1_g', 'ps1_i'),
    ('ps1_g', 'g', 'bp', 'rp'),
    ('ps1_r', 'g', 'bp', 'rp'),
    ('ps1_i', 'g', 'bp', 'rp'),
    ('ps1_z', 'g', 'bp', 'rp'),
    ('ps1_y', 'g', 'bp', 'rp'),
    ('j', 'g', 'bp', 'rp'),
    ('h', 'g', 'bp', 'rp'),
    ('ks', 'g', 'bp', 'rp'),
    ('j', 'ps1_i', 'ps1_g', 'ps1_i'),
    ('ks', 'ps1_i', 'ps1_g', 'ps1_i'),
    ('w1', 'ks', 'j', 'ks'),
    ('w2', 'ks', 'j', 'ks')
),

magnitudes as (
    select
        predicted.survey,
        predicted.source_id,
        map(list(predicted.band), list(predicted.absolute_magnitude)) as network
    from photometry.predicted as predicted
    inner join photometry.densities as densities using (survey, source_id, band)
    where densities.density >= cuts.green_min_density_colour()
    group by predicted.survey, predicted.source_id
),

observations as (
    select
        survey,
        source_id,
        map(list(band), list(magnitude)) as seen
    from photometry.observed
    group by survey, source_id
),

stars as (
    select
        wanted.*,
        network[blue] - network[red] as x,
        network[target] - network[base] as y,
        seen[blue] - seen[red] as x_seen,
        seen[target] - seen[base] as y_seen
    from magnitudes
    inner join observations using (survey, source_id)
    cross join wanted
),

normal as (
    select
        target,
        base,
        blue,
        red,
        count(*) as n,
        quantile_cont(x, 0.01) as colour_low,
        quantile_cont(x, 0.99) as colour_high,
        stats.normal_matrix(list([1, x, x * x, x * x * x, y] order by x, y), 5) as matrix
    from stars
    where x is not null and y is not null
    group by target, base, blue, red
    having count(*) >= cuts.min_transformation_stars()
),

without_c0 as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 0, 5) as matrix
    from normal
),

without_c1 as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 1, 5) as matrix
    from without_c0
),

without_c2 as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 2, 5) as matrix
    from without_c1
),

solved as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 3, 5) as matrix
    from without_c2
),

fits as (
    select
        * exclude (matrix),
        matrix[5] as c0,
        matrix[10] as c1,
        matrix[15] as c2,
        matrix[20] as c3
    from solved
),

misses as (
    select
        fits.*,
        stars.y - (c0 + x * (c1 + x * (c2 + x * c3))) as miss,
        case
            when x_seen between colour_low and colour_high
                then stars.y_seen - (c0 + x_seen * (c1 + x_seen * (c2 + x_seen * c3)))
        end as miss_seen
    from fits
    inner join stars using (target, base, blue, red)
)

select
    target,
    base,
    blue,
    red,
    c0,
    c1,
    c2,
    c3,
    colour_low,
    colour_high,
    any_value(n) as n,
    stats.robust_scatter(miss) as scatter,
    count(miss_seen) as n_observed,
    median(miss_seen) as bias_observed,
    stats.robust_scatter(miss_seen) as scatter_observed
from misses
group by all
order by target, base
