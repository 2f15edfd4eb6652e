-- The kinds of neighbours that pairs give: columns left_id, right_id, separation_arcsec, n_neighbours of the left row.
-- `pairs` names a table of left_id, right_id, chord_squared and badness: of several neighbours the one of the lowest
-- badness is the best, of two as bad as each other the one with the lower identifier.

-- [rows] Each left row of the table pairs and its best neighbour; most rows have one alone, which needs no comparing.
create or replace macro sphere.best_neighbours(pairs) as table
    with found as materialized (
        select * from query_table(pairs)
    ),

    crowded as materialized (
        select left_id
        from found
        group by left_id
        having count(*) > 1
    ),

    several as (
        select found.*
        from found
        semi join crowded using (left_id)
    )

    select
        left_id,
        right_id,
        sphere.chord_in_arcsec(chord_squared) as separation_arcsec,
        1::bigint as n_neighbours
    from found
    anti join crowded using (left_id)
    union all
    select
        left_id,
        arg_min(right_id, (badness, right_id)) as right_id,
        sphere.chord_in_arcsec(arg_min(chord_squared, (badness, right_id))) as separation_arcsec,
        count(*) as n_neighbours
    from several
    group by left_id;

-- [rows] The rows of the table pairs that are best for each other.
create or replace macro sphere.mutual_neighbours(pairs) as table
    select
        left_id,
        right_id,
        sphere.chord_in_arcsec(chord_squared) as separation_arcsec,
        count(*) over (partition by left_id) as n_neighbours
    from query_table(pairs)
    qualify
        row_number() over (partition by left_id order by badness, right_id) = 1
        and row_number() over (partition by right_id order by badness, left_id) = 1;

-- [rows] Every pair of the table pairs.
create or replace macro sphere.all_neighbours(pairs) as table
    select
        left_id,
        right_id,
        sphere.chord_in_arcsec(chord_squared) as separation_arcsec,
        count(*) over (partition by left_id) as n_neighbours
    from query_table(pairs);

-- [rows] Every left row (rows names a table of their id), with its best neighbour of the table pairs or none.
create or replace macro sphere.left_neighbours(rows, pairs) as table
    select
        id as left_id,
        right_id,
        separation_arcsec,
        coalesce(n_neighbours, 0) as n_neighbours
    from query_table(rows)
    left join sphere.best_neighbours(pairs) on id = left_id;

-- [rows] The left rows (rows names a table of their id) without a neighbour in the table pairs.
create or replace macro sphere.anti_neighbours(rows, pairs) as table
    select *
    from sphere.left_neighbours(rows, pairs)
    where n_neighbours = 0;

-- [rows] Every row of both sides (rows and others name tables of their id): with its best neighbour of the table
-- pairs, or alone.
create or replace macro sphere.outer_neighbours(rows, others, pairs) as table
    select *
    from sphere.left_neighbours(rows, pairs)
    union all
    select
        null as left_id,
        id as right_id,
        null as separation_arcsec,
        0 as n_neighbours
    from query_table(others)
    where id not in (select right_id from sphere.best_neighbours(pairs));

-- [deg] The declination [deg] of a star moved toward the equator by shift [deg]: pairs with it are those that chance
-- makes.
create or replace macro sphere.shifted_declination(declination, shift) as
declination - if(declination > 0, shift, -shift);

-- [rows] How many rows of the table pairs there are by separation, in so many bins from 0 to radius_arcsec [arcsec].
create or replace macro sphere.separation_counts(pairs, radius_arcsec, bins) as table
    select
        least(floor(sphere.chord_in_arcsec(chord_squared) * bins / radius_arcsec), bins - 1)::integer as bin,
        count(*) as n_pairs
    from query_table(pairs)
    group by bin;
