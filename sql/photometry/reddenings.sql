-- A labelled star and its reddening E by equations 8 and 9, and chi-square of its bands at that E by equation 7.
-- The unknowns of a linear model of the bands are the three label errors and the distance modulus, which are marginalised
-- one after the other, E, and the residual: what is left are R C'^-1 R, R C'^-1 r and r C'^-1 r. What label errors do hangs on
-- E itself, so that E is taken again until it stands still; training does the same.
with recursive normal as (
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
                label_error_1_per_ebv / magnitude_error,
                label_error_2_per_ebv / magnitude_error,
                label_error_3_per_ebv / magnitude_error,
                1 / magnitude_error,
                extinction / magnitude_error,
                unreddened_residual / magnitude_error
            ]),
            9
        ) as products,
        coalesce(1 / pow(any_value(distance_modulus_error), 2), 0) as modulus_precision
    from photometry.compared
    group by survey, source_id
),

passes as (
    select
        *,
        ebv_prior::double as ebv,
        0 as pass,
        []::double[] as matrix
    from normal
    union all
    select
        * exclude (pass, matrix),
        pass + 1 as pass,
        stats.eliminate(matrix, 3, 6) as matrix
    from (
        select * replace (stats.eliminate(matrix, 2, 6) as matrix)
        from (
            select * replace (stats.eliminate(matrix, 1, 6) as matrix)
            from (
                select * replace (stats.eliminate(matrix, 0, 6) as matrix)
                from (
                    select * replace (photometry.normal_matrix_at(products, modulus_precision, ebv) as matrix)
                    from (
                        select
                            * replace (
                                case
                                    when pass = 0 then ebv
                                    else photometry.ebv_of(matrix, ebv_prior, ebv_prior_error)
                                end as ebv
                            )
                        from passes
                        where pass <= cuts.green_ebv_passes()
                    ) as at_a_reddening
                ) as weighted
            ) as without_teff
        ) as without_logg
    ) as without_feh
),

posterior as (
    select
        *,
        matrix[29] as r_r,
        matrix[30] as r_residual,
        matrix[36] as residual_residual,
        r_r + 1 / pow(ebv_prior_error, 2) as ebv_precision
    from passes
    where pass = cuts.green_ebv_passes() + 1
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
