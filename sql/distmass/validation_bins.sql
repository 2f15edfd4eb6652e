-- A quantity by each network against its label in a bin of log g, on the stars of distmass.validation: bias, scatter, width of
-- the pulls, and the share of labels within one and two standard errors; Stone-Martinez et al. 2024, section 5.
select
    quantity,
    method,
    case
        when is_simulated then 'simulated' when is_test then 'test' when not is_test then 'trained on' else 'not known'
    end
        as stars,
    floor(logg / cuts.distmass_logg_bin()) * cuts.distmass_logg_bin() as logg_low,
    count(*) as n,
    median(difference) as bias,
    stats.robust_scatter(difference) as robust_scatter,
    stats.robust_scatter(difference / sigma) as pull_scatter,
    avg((abs(difference) < sigma)::integer) as within_one_error,
    avg((abs(difference) < 2 * sigma)::integer) as within_two_errors
from distmass.judged
group by quantity, method, stars, logg_low
order by quantity, method, stars, logg_low
