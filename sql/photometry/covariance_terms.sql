-- A term of equation 4 for two bands of a star: label errors, reddening, distance, photometry; infinite without a usable
-- parallax. Ask for one star: `where source_id = …`. Green et al. 2020, figure 2.
with reddened as (
    select
        compared.* exclude (label_error_1, label_error_2, label_error_3),
        reddenings.ebv_error,
        photometry.label_error_at(label_error_1, label_error_1_per_ebv, reddenings.ebv) as label_error_1,
        photometry.label_error_at(label_error_2, label_error_2_per_ebv, reddenings.ebv) as label_error_2,
        photometry.label_error_at(label_error_3, label_error_3_per_ebv, reddenings.ebv) as label_error_3
    from photometry.compared as compared
    inner join photometry.reddenings as reddenings using (survey, source_id)
),

pairs as (
    select
        a.survey,
        a.source_id,
        a.band as band_1,
        b.band as band_2,
        unnest([
            {
                'term': 'labels',
                'covariance': a.label_error_1 * b.label_error_1
                + a.label_error_2 * b.label_error_2
                + a.label_error_3 * b.label_error_3
            },
            { 'term': 'reddening', 'covariance': a.extinction * b.extinction * pow(a.ebv_error, 2) },
            { 'term': 'distance', 'covariance': coalesce(pow(a.distance_modulus_error, 2), 'infinity'::double) },
            { 'term': 'photometry', 'covariance': case when a.band = b.band then pow(a.magnitude_error, 2) else 0 end }
        ]) as entry
    from reddened as a
    inner join reddened as b using (survey, source_id)
)

select
    pairs.survey,
    pairs.source_id,
    pairs.band_1,
    pairs.band_2,
    entry.term,
    entry.covariance
from pairs
