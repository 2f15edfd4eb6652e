-- A star of the parent sample with its spectrophotometric parallax: by the model of the half that it is not in, so that its own
-- Gaia parallax is in none of it; NULL if both halves have it, or the model does not say which stars they have. The error is by
-- equation 5 of Hogg et al. 2018; `total` adds the scatter of that model about the other half. Gaia's is combined by inverse
-- variance; distances are 1 over parallax.
with told as (
    select
        parent.*,
        scores.* exclude (apogee_id),
        parallax_scatter() as scatter,
        coalesce(parallax.knows_its_halves(), false) as knows_its_halves,
        main.is_listed('parallax/a', sphere.position_key(parent.ra, parent."dec"))
        or main.is_listed('parallax/a', stats.key('apogee:' || parent.apogee_id)) as is_in_a,
        main.is_listed('parallax/b', sphere.position_key(parent.ra, parent."dec"))
        or main.is_listed('parallax/b', stats.key('apogee:' || parent.apogee_id)) as is_in_b
    from parallax.parent as parent
    inner join parallax.scores as scores using (apogee_id)
),

halved as (
    select
        *,
        case when is_in_a = is_in_b then sample = 'A' else is_in_a end as is_by_b
    from told
),

chosen as (
    select
        * exclude (
            scatter, knows_its_halves,
            is_in_a, is_in_b, is_by_b, parallax_by_a, parallax_by_a_error, parallax_by_b, parallax_by_b_error,
            parallax_by_both, parallax_by_both_error
        ),
        case
            when not knows_its_halves or (is_in_a and is_in_b) then null
            when is_by_b then parallax_by_b
            else parallax_by_a
        end as spec_parallax,
        case
            when not knows_its_halves or (is_in_a and is_in_b) then null
            when is_by_b then parallax_by_b_error
            else parallax_by_a_error
        end as spec_parallax_error,
        spec_parallax * case when is_by_b then scatter.parallax_by_b else scatter.parallax_by_a end as model_scatter,
        stats.hypot(spec_parallax_error, model_scatter) as spec_parallax_total_error,
        parallax + cuts.hogg_parallax_offset() as adjusted_parallax
    from halved
)

select
    *,
    parallax.combined(spec_parallax, spec_parallax_total_error, adjusted_parallax, parallax_error)
        as combined_parallax,
    parallax.combined_error(spec_parallax_total_error, parallax_error) as combined_parallax_error,
    1 / spec_parallax as spec_distance_kpc,
    spec_parallax_total_error / (spec_parallax * spec_parallax) as spec_distance_kpc_error
from chosen
