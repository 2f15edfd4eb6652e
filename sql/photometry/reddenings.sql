-- A labelled star and its reddening E by equations 8 and 9, and chi-square of its bands at that E by equation 7.
-- The unknowns of a linear model of the bands are the three label errors and the distance modulus, which are marginalised
-- one after the other, E, and the residual: what is left are R C'^-1 R, R C'^-1 r and r C'^-1 r.
with normal as (
    select
        survey,
        source_id,
        any_value(ebv_prior) as ebv_prior,
        any_value(ebv_prior_error) as ebv_prior_error,
        count(*) as n_bands,
        stats.normal_matrix(
            list([
                label_error_1 / magnitude_error,
                label_error_2 / magnitude_error,
                label_error_3 / magnitude_error,
                1 / magnitude_error,
                extinction / magnitude_error,
                unreddened_residual / magnitude_error
            ]),
            6
        ) as products,
        coalesce(1 / pow(any_value(distance_modulus_error), 2), 0) as modulus_precision
    from photometry.compared
    group by survey, source_id
),

weighted as (
    select
        *,
        list_transform(
            range(36),
            lambda p: products[p + 1] + case when p in (0, 7, 14) then 1 when p = 21 then modulus_precision else 0 end
        ) as matrix
    from normal
),

without_teff as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 0, 6) as matrix
    from weighted
),

without_logg as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 1, 6) as matrix
    from without_teff
),

without_feh as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 2, 6) as matrix
    from without_logg
),

without_modulus as (
    select
        * exclude (matrix),
        stats.eliminate(matrix, 3, 6) as matrix
    from without_feh
),

posterior as (
    select
        *,
        matrix[29] as r_r,
        matrix[30] as r_residual,
        matrix[36] as residual_residual,
        r_r + 1 / pow(ebv_prior_error, 2) as ebv_precision,
        greatest(
            0,
            least(
                cuts.green_max_ebv(), (r_residual + ebv_prior / pow(ebv_prior_error, 2)) / ebv_precision
            )
        ) as ebv
    from without_modulus
),

floored as (
    select
        *,
        sqrt(
            greatest(
                1 / ebv_precision,
                pow(cuts.green_ebv_floor(), 2) + pow(cuts.green_ebv_relative_floor() * ebv, 2)
            )
        ) as ebv_error,
        residual_residual - 2 * ebv * r_residual + ebv * ebv * r_r as left_over,
        r_residual - ebv * r_r as r_left_over
    from posterior
)

select
    survey,
    source_id,
    ebv,
    ebv_error,
    ebv_prior,
    ebv_prior_error,
    n_bands,
    left_over - pow(ebv_error * r_left_over, 2) / (1 + pow(ebv_error, 2) * r_r) as chi2,
    chi2 / greatest(n_bands - 1, 1) as chi2_per_dof
from floored
