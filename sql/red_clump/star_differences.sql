-- A labelled star, giant or not, and Teff or log g by the networks for all stars, which no network was trained on: reference minus
-- inferred, and the standard deviation stated for it; Lucey et al. 2020, section 3.2 (224 K, 0.27 dex).
with parameters as (
    select
        unnest(
            [
                {
                    'parameter': 'teff_all_k',
                    'reference': 'label',
                    'difference': labels.teff_k - held_out.teff_all_k,
                    'sigma': held_out.teff_all_k_error
                },
                {
                    'parameter': 'teff_all_k',
                    'reference': 'truth',
                    'difference': truth.teff_k - held_out.teff_all_k,
                    'sigma': held_out.teff_all_k_error
                },
                {
                    'parameter': 'logg_all',
                    'reference': 'label',
                    'difference': labels.logg - held_out.logg_all,
                    'sigma': held_out.logg_all_error
                },
                {
                    'parameter': 'logg_all',
                    'reference': 'truth',
                    'difference': truth.logg - held_out.logg_all,
                    'sigma': held_out.logg_all_error
                }
            ],
            recursive := true
        )
    from red_clump.held_out as held_out
    inner join red_clump.labels as labels using (survey, source_id)
    left join red_clump.truth as truth using (survey, source_id)
)

select *
from parameters
where difference is not null
