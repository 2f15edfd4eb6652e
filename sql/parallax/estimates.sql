-- A star of the parent sample with its spectrophotometric parallax: by the model of the half that it is not in, so that its own
-- Gaia parallax is in none of it; that combined with Gaia's by inverse variance, and distances (1 over parallax).
with chosen as (
    select
        parent.*,
        if(parent.sample = 'A', scores.parallax_by_b, scores.parallax_by_a) as spec_parallax,
        if(parent.sample = 'A', scores.parallax_by_b_error, scores.parallax_by_a_error) as spec_parallax_error,
        parent.parallax + cuts.hogg_parallax_offset() as adjusted_parallax
    from parallax.parent as parent
    inner join parallax.scores as scores using (apogee_id)
)

select
    *,
    parallax.combined(spec_parallax, spec_parallax_error, adjusted_parallax, parallax_error) as combined_parallax,
    parallax.combined_error(spec_parallax_error, parallax_error) as combined_parallax_error,
    1 / spec_parallax as spec_distance_kpc,
    spec_parallax_error / (spec_parallax * spec_parallax) as spec_distance_kpc_error
from chosen
