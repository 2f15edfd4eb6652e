-- What the page of `candlesql explore` counts in.

-- [] Into how many steps each axis of the page is cut.
create or replace macro explore.steps() as 64;

-- [] A span of an axis, its low and high end, that holds the middle of what there is: quantiles, a list of two in the axis's unit,
-- with a twentieth on either side; from fallback_low to fallback_high where nothing is.
create or replace macro explore.span(quantiles, fallback_low, fallback_high) as
{
    'low': coalesce(quantiles[1] - greatest(0.05 * (quantiles[2] - quantiles[1]), 0.001), fallback_low)::double,
    'high': coalesce(quantiles[2] + greatest(0.05 * (quantiles[2] - quantiles[1]), 0.001), fallback_high)::double
};

-- [] The step of an axis, from 0, that a value falls into, in the unit of the span; NULL beyond its ends.
create or replace macro explore.step(value, span) as
case
    when value >= span.low and value < span.high
        then least(
            floor(explore.steps() * (value - span.low) / (span.high - span.low)), explore.steps() - 1
        )::utinyint
end;
