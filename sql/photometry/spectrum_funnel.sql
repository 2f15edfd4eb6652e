-- A survey of spectra and what each cut of photometry.spectra leaves out of it, in order; Green et al. 2020, section 3.1.
select
    label_survey,
    count(*) as n,
    count(*) filter (where not passes_snr) as n_low_signal,
    count(*) filter (where passes_snr and not passes_flags) as n_flagged,
    count(*) filter (
        where passes_snr and passes_flags and (teff is null or logg is null or feh is null)
    ) as n_without_a_label,
    n - n_low_signal - n_flagged - n_without_a_label as n_left
from photometry.spectrum_cuts
group by label_survey
order by label_survey
