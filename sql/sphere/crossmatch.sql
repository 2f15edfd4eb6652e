-- Crossmatch of a table that moves (proper motion, one epoch a row) with one that stands still (one epoch a row).
--
-- Space is cut into cubes of edge `cell` [rad] around the unit sphere, so there is no pole and no 0/360 line. A moving
-- star is put into every cube that its search ball touches, a standing one into the one that holds it; equal keys join,
-- and the exact test at the standing star's own epoch is part of the join condition.
-- Tables need columns id, ra, dec [deg], epoch_yr, and for the moving one pmra (times cos dec), pmdec [mas/yr].

-- [rad] A milliarcsecond.
create or replace macro sphere.mas_in_rad() as 4.84813681109535993589914102357e-9;

-- [] One number of the cube i, j, k, each from -1048576 to 1048575.
create or replace macro sphere.cube_key(i, j, k) as
((i + 1048576) << 42) + ((j + 1048576) << 21) + (k + 1048576);

-- [] Squared chord |p + dt v - s|^2 of a star at px, py, pz moving by vx, vy, vz [yr-1] for dt [yr], and one at x,
-- y, z, on the unit sphere.
create or replace macro sphere.moved_chord_squared(px, py, pz, vx, vy, vz, x, y, z, dt) as
(px + dt * vx - x) * (px + dt * vx - x)
+ (py + dt * vy - y) * (py + dt * vy - y)
+ (pz + dt * vz - z) * (pz + dt * vz - z);

-- [] Second-order growth of |p + dt v| along the tangent of a star of speed_squared [yr-2] in dt [yr].
create or replace macro sphere.tangent_growth(speed_squared, dt) as 0.5 * speed_squared * dt * dt;

-- [arcsec] Angle of a squared chord chord_squared [] of the unit sphere.
create or replace macro sphere.chord_in_arcsec(chord_squared) as
2 * asin(0.5 * sqrt(greatest(chord_squared, 0))) / (1000 * sphere.mas_in_rad());

-- [rows] A star of the table moving at mid_epoch [yr], once for each cube of edge cell [rad] within radius_arcsec
-- [arcsec] of it over +-half_range [yr]. A ball that spans more than seven cubes on an axis is an error, never a
-- lost row: the caller chooses `cell` for the fastest star.
create or replace macro sphere.moving_in_cubes(moving, radius_arcsec, mid_epoch, half_range, cell) as table
    with motion as (
        select
            id,
            radians(ra) as alpha,
            radians(dec) as delta,
            coalesce(pmra, 0) * sphere.mas_in_rad() as mu_alpha,
            coalesce(pmdec, 0) * sphere.mas_in_rad() as mu_delta,
            (mid_epoch - epoch_yr)::double as dt
        from query_table(moving)
    ),

    vectors as (
        select
            id,
            dt,
            cos(delta) * cos(alpha) as x,
            cos(delta) * sin(alpha) as y,
            sin(delta) as z,
            -mu_alpha * sin(alpha) - mu_delta * sin(delta) * cos(alpha) as vx,
            mu_alpha * cos(alpha) - mu_delta * sin(delta) * sin(alpha) as vy,
            mu_delta * cos(delta) as vz,
            mu_alpha * mu_alpha + mu_delta * mu_delta as speed_squared
        from motion
    ),

    reach as (
        select
            id,
            dt,
            vx,
            vy,
            vz,
            speed_squared,
            x + dt * vx as px,
            y + dt * vy as py,
            z + dt * vz as pz,
            radius_arcsec * 1000 * sphere.mas_in_rad() + sqrt(speed_squared) * half_range + 1e-9
            + sphere.tangent_growth(speed_squared, abs(dt) + half_range) as radius
        from vectors
    ),

    corners as (
        select
            *,
            floor((px - radius) / cell)::bigint as i,
            floor((py - radius) / cell)::bigint as j,
            floor((pz - radius) / cell)::bigint as k,
            floor((px + radius) / cell)::bigint - i as ni,
            floor((py + radius) / cell)::bigint - j as nj,
            floor((pz + radius) / cell)::bigint - k as nk
        from reach
    ),

    guarded as (
        select
            *,
            case
                when greatest(ni, nj, nk) > 6 then error('cell is too small for the search ball of ' || id::varchar)
                else ni + 7 * nj + 49 * nk
            end as box
        from corners
    ),

    -- One row for each size of box and each cube in it, so that a plain join on one key makes the copies.
    boxes as (
        select
            di.range as di,
            dj.range as dj,
            dk.range as dk,
            a.range + 7 * b.range + 49 * c.range as box
        from range(7) as a, range(7) as b, range(7) as c, range(7) as di, range(7) as dj, range(7) as dk
        where di.range <= a.range and dj.range <= b.range and dk.range <= c.range
    )

    select
        id,
        dt,
        px,
        py,
        pz,
        vx,
        vy,
        vz,
        speed_squared,
        sphere.cube_key(i + di, j + dj, k + dk) as cube
    from guarded
    inner join boxes using (box);

-- [rows] A star of the table standing in its cube of edge cell [rad]; dt counts from mid_epoch [yr].
create or replace macro sphere.standing_in_cubes(standing, mid_epoch, cell) as table
    with directions as (
        select
            id,
            (epoch_yr - mid_epoch)::double as dt,
            sphere.direction_x(ra, dec) as x,
            sphere.direction_y(ra, dec) as y,
            sphere.direction_z(dec) as z
        from query_table(standing)
    )

    select
        *,
        sphere.cube_key(floor(x / cell)::bigint, floor(y / cell)::bigint, floor(z / cell)::bigint) as cube
    from directions;

-- [rows] Every pair of the tables moving and standing within radius_arcsec [arcsec] at the standing star's epoch,
-- with the squared chord between the two; mid_epoch and half_range [yr], cell [rad].
create or replace macro sphere.pairs(moving, standing, radius_arcsec, mid_epoch, half_range, cell) as table
    with joined as (
        select
            a.id as moving_id,
            b.id as standing_id,
            sphere.moved_chord_squared(a.px, a.py, a.pz, a.vx, a.vy, a.vz, b.x, b.y, b.z, b.dt) as stretched_squared,
            sphere.tangent_growth(a.speed_squared, a.dt + b.dt) as growth
        from sphere.moving_in_cubes(moving, radius_arcsec, mid_epoch, half_range, cell) as a
        inner join sphere.standing_in_cubes(standing, mid_epoch, cell) as b
            on
                a.cube = b.cube
                and sphere.moved_chord_squared(a.px, a.py, a.pz, a.vx, a.vy, a.vz, b.x, b.y, b.z, b.dt)
                <= pow(2 * sin(radius_arcsec * 500 * sphere.mas_in_rad()), 2)
                * (1 + sphere.tangent_growth(a.speed_squared, a.dt + b.dt))
                + pow(sphere.tangent_growth(a.speed_squared, a.dt + b.dt), 2)
    )

    select
        moving_id,
        standing_id,
        (stretched_squared - growth * growth) / (1 + growth) as chord_squared
    from joined;
