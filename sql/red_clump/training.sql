-- A labelled star with the inputs of the networks, and those labels that are good enough to train on.
select
    inputs.*,
    if(coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr(), labels.teff_k, null) as teff_k,
    if(coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr(), labels.logg, null) as logg,
    if(coalesce(labels.snr, 1e9) >= cuts.lucey_min_snr(), labels.feh, null) as feh,
    if(coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology(), labels.delta_nu_uhz, null)
        as delta_nu_uhz,
    if(coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology(), labels.delta_p_s, null) as delta_p_s,
    if(coalesce(labels.snr_seismology, 1e9) >= cuts.lucey_min_snr_seismology(), labels.is_rc, null) as is_rc
from red_clump.inputs as inputs
inner join red_clump.labels as labels using (survey, source_id)
