-- A star with spectroscopic or asteroseismic labels, NULL where its tables have none.
with spectroscopic as (
    select
        to_lamost.survey,
        to_lamost.source_id,
        lamost.teff as teff_k,
        lamost.logg,
        lamost.feh,
        lamost.snrg as snr,
        'lamost' as spectra_table
    from match.lamost as to_lamost
    inner join staging.lamost as lamost using (obsid)
),

seismic as (
    select
        to_seismology.survey,
        to_seismology.source_id,
        seismology.delta_nu_uhz,
        seismology.delta_p_s,
        red_clump.state_of(seismology.evolutionary_state) as evolutionary_state,
        seismology.snr as snr_seismology,
        'seismology' as seismic_table
    from match.seismology as to_seismology
    inner join staging.seismology as seismology using (star_id)
),

labelled as (
    select * from spectroscopic
    full outer join seismic using (survey, source_id)
    union all by name
    select
        wide_survey as survey,
        source_id,
        teff as teff_k,
        logg,
        feh,
        snr,
        delta_nu_uhz,
        delta_p_s,
        red_clump.state_of(evolutionary_state) as evolutionary_state,
        snr as snr_seismology,
        wide_survey as seismic_table
    from staging.wide_stars
    where
        coalesce(teff, logg, delta_nu_uhz, delta_p_s) is not null
        or red_clump.state_of(staging.wide_stars.evolutionary_state) is not null
)

select
    * exclude (spectra_table, seismic_table),
    coalesce(seismic_table, spectra_table) as label_table,
    red_clump.is_red_clump(evolutionary_state, delta_p_s, delta_nu_uhz) as is_rc
from labelled
