-- A labelled star in a colour and in G: as observed, and de-noised, as the network predicts them without dust from its labels;
-- and how far dust moves the colour.
-- Green et al. 2020, figures 6, 8 and 9.
with de_noised as (
    select
        blue_band.survey,
        blue_band.source_id,
        colours.blue,
        colours.red,
        blue_band.absolute_magnitude - red_band.absolute_magnitude as predicted_colour,
        blue_band.extinction - red_band.extinction as colour_excess
    from photometric.colours as colours
    inner join photometry.predicted as blue_band on colours.blue = blue_band.band
    inner join photometry.predicted as red_band
        on
            colours.red = red_band.band
            and blue_band.survey = red_band.survey
            and blue_band.source_id = red_band.source_id
)

select
    de_noised.survey,
    de_noised.source_id,
    de_noised.blue,
    de_noised.red,
    de_noised.predicted_colour,
    de_noised.colour_excess,
    g_predicted.absolute_magnitude as predicted_absolute_g,
    stars.teff_k,
    stars.logg,
    stars.feh,
    blue_observed.magnitude - red_observed.magnitude as observed_colour,
    g_observed.magnitude - stars.distance_modulus as observed_absolute_g
from de_noised
inner join photometry.stars as stars using (survey, source_id)
inner join photometry.predicted as g_predicted
    on
        de_noised.survey = g_predicted.survey
        and de_noised.source_id = g_predicted.source_id
        and g_predicted.band = 'g'
inner join photometry.observed as g_observed
    on
        de_noised.survey = g_observed.survey
        and de_noised.source_id = g_observed.source_id
        and g_observed.band = 'g'
left join photometry.observed as blue_observed
    on
        de_noised.survey = blue_observed.survey
        and de_noised.source_id = blue_observed.source_id
        and de_noised.blue = blue_observed.band
left join photometry.observed as red_observed
    on
        de_noised.survey = red_observed.survey
        and de_noised.source_id = red_observed.source_id
        and de_noised.red = red_observed.band
