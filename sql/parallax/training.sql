-- A star that the model is trained on: parent sample and cuts (8) to (10) of Hogg et al. 2018. Its parallax may be negative or
-- drowned in its error: neither is ever cut on.
select
    apogee_id,
    sample,
    parallax,
    parallax_error,
    parallax + cuts.hogg_parallax_offset() as adjusted_parallax
from parallax.parent
where is_training
