-- Reproducible splits and binomial intervals.

-- [] One of n numbers from 0 up, always the same of an id and a salt (text): a reproducible split.
create or replace macro stats.fold(id, salt, n) as (md5_number(salt || ':' || id) >> 64)::ubigint % n;

-- [] A number of 48 bits for the text name: the same text has the same key, and the key does not tell the text.
create or replace macro stats.key(name) as (md5_number(name) >> 80)::bigint;

-- [] Lower end of the score interval at z = 1 (68 %) of k successes in n; Wilson 1927.
create or replace macro stats.wilson_low(k, n) as
(k + 0.5 - sqrt(k * (1 - k / n) + 0.25)) / (n + 1);

-- [] Upper end of the score interval at z = 1 (68 %) of k successes in n; Wilson 1927.
create or replace macro stats.wilson_high(k, n) as
(k + 0.5 + sqrt(k * (1 - k / n) + 0.25)) / (n + 1);

-- [] Sum of x, in its unit, to the same last digit in whatever order the rows come. An aggregate that sorts: for few rows.
create or replace macro stats.steady_sum(x) as sum(x order by x);

-- [] Mean of x, in its unit, to 12 decimals, and the same in whatever order the rows come. An aggregate for many rows.
create or replace macro stats.steady_mean(x) as avg(x::decimal(38, 12));

-- [] 1.4826 times the median absolute deviation of x, in its unit: the standard deviation of a normal distribution.
-- An aggregate.
create or replace macro stats.robust_scatter(x) as 1.482602218505602 * mad(x);

-- [] Root of the sum of squares of x and y, in their unit.
create or replace macro stats.hypot(x, y) as sqrt(x * x + y * y);

-- [] Normal density at x around a centre with a standard deviation width, all of one unit; per that unit.
create or replace macro stats.normal_density(x, centre, width) as
exp(-0.5 * pow((x - centre) / width, 2)) / (width * sqrt(2 * pi()));

-- [] The share of a normal distribution beyond z [] standard deviations above its centre, z not below 0, to 1e-7;
-- Abramowitz & Stegun 1964, 26.2.17, whose t is tangent [].
create or replace macro stats.far_tail(z, tangent) as
stats.normal_density(z, 0, 1) * tangent * (
    0.319381530
    + tangent * (-0.356563782 + tangent * (1.781477937 + tangent * (-1.821255978 + tangent * 1.330274429)))
);

-- [] The share of a normal distribution beyond z [] standard deviations above its centre; Abramowitz & Stegun 1964, 26.2.17.
create or replace macro stats.normal_tail(z) as
if(
    z < 0,
    1 - stats.far_tail(abs(z), 1 / (1 + 0.2316419 * abs(z))),
    stats.far_tail(abs(z), 1 / (1 + 0.2316419 * abs(z)))
);
