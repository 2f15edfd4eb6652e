-- A labelled star with the inputs of the networks, and those labels that are good enough to train on.
select
    inputs.*,
    case when coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr() then labels.teff_k end as teff_k,
    case when coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr() then labels.logg end as logg,
    case when coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr() then labels.feh end as feh,
    case when coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology() then labels.delta_nu_uhz end
        as delta_nu_uhz,
    case when coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology() then labels.delta_p_s end
        as delta_p_s,
    case when coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology() then labels.is_rc end as is_rc
from red_clump.inputs as inputs
inner join red_clump.labels as labels using (source_id)
