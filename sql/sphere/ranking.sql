-- Which of several neighbours is the counterpart: by the errors of both positions, and by magnitudes.
-- m is the star that moves, s the one that stands: structs of position, motion, epoch, and variances [mas^2] of the
-- position toward east and north, their covariance, and of the proper motion.

-- [mas2] What is added to each variance: errors below a milliarcsecond are not to be believed between surveys.
create or replace macro sphere.error_floor() as 1;

-- [mas2] Variance toward east of an error ellipse of axes major and minor [mas] and angle [deg] from north to east.
create or replace macro sphere.ellipse_east(major, minor, angle) as
pow(major * sin(radians(angle)), 2) + pow(minor * cos(radians(angle)), 2);

-- [mas2] Variance toward north of an error ellipse of axes major and minor [mas] and angle [deg] from north to east.
create or replace macro sphere.ellipse_north(major, minor, angle) as
pow(major * cos(radians(angle)), 2) + pow(minor * sin(radians(angle)), 2);

-- [mas2] Covariance of east and north of an error ellipse of axes major and minor [mas] and angle [deg] from north
-- to east.
create or replace macro sphere.ellipse_covariance(major, minor, angle) as
(major * major - minor * minor) * sin(radians(angle)) * cos(radians(angle));

-- [] -2 ln L of an offset x, y [mas] under a normal distribution with variances xx and yy and covariance xy [mas2],
-- without its 2 ln(2 pi): the square of the normalised distance and the logarithm of the ellipse's size; Marrese et
-- al. 2019, section 4.
create or replace macro sphere.normalised_distance(x, y, xx, yy, xy) as
(x * x * yy - 2 * x * y * xy + y * y * xx) / (xx * yy - xy * xy) + ln(xx * yy - xy * xy);

-- [] The same of the pair of a moving star m and a standing one s; the lower, the better.
create or replace macro sphere.misfit(m, s) as
sphere.normalised_distance(
    sphere.offset_east(m, s),
    sphere.offset_north(m, s),
    m.east + s.east + m.pm_east * pow(s.epoch_yr - m.epoch_yr, 2) + sphere.error_floor(),
    m.north + s.north + m.pm_north * pow(s.epoch_yr - m.epoch_yr, 2) + sphere.error_floor(),
    m.covariance + s.covariance
);

-- [] Bin of the difference of the magnitudes [mag] of m and s, a quarter of a magnitude wide.
create or replace macro sphere.magnitude_bin(m, s) as floor((m.magnitude - s.magnitude) / 0.25)::integer;

-- [] -2 ln of the likelihood ratio q(dm)/n(dm) of Sutherland and Saunders 1992, from the numbers of pairs n_pairs
-- and of those that chance makes n_random (the sky shifted) in one bin of dm, and all_pairs and all_random in all;
-- half a pair stands for none.
create or replace macro sphere.magnitude_misfit(n_pairs, n_random, all_pairs, all_random) as
-2 * ln(
    greatest(n_pairs - n_random, 0.5) / greatest(all_pairs - all_random, 0.5)
    * greatest(all_random, 0.5) / greatest(n_random, 0.5)
);

-- [rows] How many rows of the table pairs (moving_id and standing_id, which are rows) there are by their difference
-- of magnitude.
create or replace macro sphere.magnitude_counts(pairs) as table
    select
        sphere.magnitude_bin(moving_id, standing_id) as magnitude_bin,
        count(*) as n
    from query_table(pairs)
    where sphere.magnitude_bin(moving_id, standing_id) is not null
    group by magnitude_bin;

-- [rows] The misfit of each bin, from the tables pairs and random: counts of all pairs and of those that chance
-- makes.
create or replace macro sphere.magnitude_misfits(pairs, random) as table
    select
        magnitude_bin,
        sphere.magnitude_misfit(coalesce(p.n, 0), coalesce(r.n, 0), sum(p.n) over (), sum(r.n) over ()) as misfit
    from query_table(pairs) as p
    full join query_table(random) as r using (magnitude_bin);
