"""Conventions of the surveys, and positions checked with astropy."""

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.time import Time
from astropy_healpix import HEALPix
from candlesql.catalogs.mock.names import Designations, NameRegister
from candlesql.catalogs.mock.sphere import displace


def test_galactic_coordinates(sky):
    gaia = sky.sql('select ra, "dec", l, b from gaia_dr2').fetchnumpy()
    galactic = SkyCoord(gaia["ra"], gaia["dec"], unit="deg").galactic
    given = SkyCoord(gaia["l"], gaia["b"], unit="deg", frame="galactic")
    assert given.separation(galactic).deg.max() < 1e-9


def test_source_id_holds_the_healpix_cell(sky):
    gaia = sky.sql('select source_id, ra, "dec" from gaia_dr2').fetchnumpy()
    centre = HEALPix(4096, order="nested").healpix_to_lonlat(gaia["source_id"] >> 35)
    separation = SkyCoord(*centre).separation(SkyCoord(gaia["ra"], gaia["dec"], unit="deg"))
    assert separation.arcmin.max() < 1.1  # a cell is 0.86 arcmin wide


def test_displacement_is_apply_space_motion():
    rng = np.random.default_rng(3)
    ra, dec = rng.uniform(0, 360, 500), np.degrees(np.arcsin(rng.uniform(-1, 1, 500)))
    ra[:2], dec[:2] = 0.0, (89.9999, -89.9999)
    pmra, pmdec = rng.normal(0, 3000, (2, 500))
    start = SkyCoord(
        ra * u.deg,
        dec * u.deg,
        distance=1 * u.pc,  # near: far below the speed of light
        pm_ra_cosdec=pmra * u.mas / u.yr,
        pm_dec=pmdec * u.mas / u.yr,
        radial_velocity=0 * u.km / u.s,
        obstime=Time(2015.5, format="jyear", scale="tdb"),
    )
    there = start.apply_space_motion(Time(1999.0, format="jyear", scale="tdb"))
    moved = SkyCoord(*displace(ra, dec, pmra * -16.5, pmdec * -16.5), unit="deg")
    assert moved.separation(there).arcsec.max() < 2e-4


@pytest.mark.parametrize(
    ("table", "column", "epoch", "format", "noise_arcsec"),
    [
        ("twomass", "designation", "j_date", "jd", 0.08),
        ("allwise", "designation", "w1mjd_mean", "mjd", 0.06),
        ("panstarrs1", "obj_id", "epoch_mean", "mjd", 0.02),
        ("lamost", "obsid", "2451545.0", "jd", 0.05),
    ],
)
def test_positions_are_at_their_epoch(sky, table, column, epoch, format, noise_arcsec):
    rows = sky.sql(
        f"""
        select g.ra, g."dec", g.pmra, g.pmdec, g.pmra_error, s.ra as ra_then, s."dec" as dec_then,
            {epoch}::double as epoch
        from mock_truth as t join gaia_dr2 as g using (source_id)
            join {table} as s on s.{column} = t.{table}_{column}
        """
    ).fetchnumpy()
    now = SkyCoord(
        rows["ra"] * u.deg,
        rows["dec"] * u.deg,
        distance=np.ones(len(rows["ra"])) * u.pc,
        pm_ra_cosdec=rows["pmra"] * u.mas / u.yr,
        pm_dec=rows["pmdec"] * u.mas / u.yr,
        radial_velocity=np.zeros(len(rows["ra"])) * u.km / u.s,
        obstime=Time(2015.5, format="jyear", scale="tdb"),
    )
    then = now.apply_space_motion(Time(rows["epoch"], format=format, scale="tdb"))
    found = SkyCoord(rows["ra_then"], rows["dec_then"], unit="deg")
    years = 2015.5 - Time(rows["epoch"], format=format).jyear
    sigma = np.hypot(noise_arcsec, 1e-3 * rows["pmra_error"] * years)
    pulls = found.separation(then).arcsec / sigma
    fast = np.hypot(rows["pmra"], rows["pmdec"]) * years > 3000
    assert np.sqrt(np.mean(pulls**2) / 2) == pytest.approx(1, abs=0.06)
    assert pulls.max() < 6.5
    if table != "lamost":
        assert fast.sum() > 5


@pytest.mark.parametrize(
    ("table", "epoch", "format", "first", "last"),
    [
        ("twomass", "j_date", "jd", "1997-06-01", "2001-02-20"),
        ("allwise", "w1mjd_mean", "mjd", "2010-01-01", "2011-02-01"),
        ("panstarrs1", "epoch_mean", "mjd", "2009-06-01", "2015-01-01"),
    ],
)
def test_epochs_lie_in_the_survey(sky, table, epoch, format, first, last):
    low, high = sky.sql(f"select min({epoch}), max({epoch}) from {table}").fetchall()[0]
    assert Time(first) < Time(low, format=format) < Time(high, format=format) < Time(last)


def test_panstarrs1_missing_bands(sky):
    missing, paired, others = sky.sql(
        """
        select count(*) filter (g_mean_psf_mag = -999),
            count(*) filter (g_mean_psf_mag = -999 and g_mean_psf_mag_error = -999),
            count(*) filter (g_mean_psf_mag <> -999 and g_mean_psf_mag not between 10 and 26)
        from panstarrs1
        """
    ).fetchall()[0]
    assert missing == paired > 0
    assert others == 0


def test_panstarrs1_stays_north(sky):
    stars, extras, gaia = sky.sql(
        """
        select min("dec") filter (source_id is not null), min("dec"),
            (select min("dec") from gaia_dr2)
        from panstarrs1 left join mock_truth on obj_id = panstarrs1_obj_id
        """
    ).fetchall()[0]
    assert stars > -30.001
    assert extras > -32
    assert -33.001 < gaia < -32


@pytest.mark.parametrize(
    ("table", "letter", "value", "error"),
    [
        ("twomass", 1, "j_m", "j_msigcom"),
        ("twomass", 3, "ks_m", "ks_msigcom"),
        ("allwise", 1, "w1mpro", "w1mpro_error"),
        ("allwise", 2, "w2mpro", "w2mpro_error"),
    ],
)
def test_unmeasured_bands_are_null_and_quality_u(sky, table, letter, value, error):
    n, contradictions = sky.sql(
        f"""
        select count(*) filter ({value} is null),
            count(*) filter (({value} is null) <> (ph_qual[{letter}] = 'U')
                or ({value} is null) <> ({error} is null))
        from {table}
        """
    ).fetchall()[0]
    assert n > 0
    assert contradictions == 0


def test_quality_a_means_signal_to_noise_10(sky):
    worst = sky.sql("select max(ks_msigcom) from twomass where ph_qual[3] = 'A'").fetchall()[0][0]
    assert worst < 0.1091
    share = sky.sql("select avg((ph_qual = 'AAA')::int) from twomass").fetchall()[0][0]
    assert 0.90 < share < 0.98


def test_gaia_quality_columns_exercise_the_cuts(sky):
    excess, ruwe, noisy = sky.sql(
        """
        with gaia as (
            select *, phot_bp_mean_mag - phot_rp_mean_mag as color,
                sqrt((1.0857 / phot_g_mean_flux_over_error) ** 2 + 0.0018 ** 2) as sigma_g
            from gaia_dr2
        )
        select avg((phot_bp_rp_excess_factor
                not between 1 + 0.015 * color ** 2 and 1.3 + 0.06 * color ** 2)::int),
            avg((ruwe >= 1.4)::int),
            avg(((sigma_g - 0.0018) / phot_g_mean_mag >= 0.0002)::int)
        from gaia
        """
    ).fetchall()[0]
    assert 0.005 < excess < 0.05
    assert 0.01 < ruwe < 0.08
    assert 0.0005 < noisy < 0.01


def test_parallaxes_scatter_as_their_errors_say(sky):
    zero, scatter = sky.sql(
        """
        select median(parallax - 1 / distance_kpc),
            stddev((parallax - 1 / distance_kpc + 0.045) / parallax_error)
        from gaia_dr2 join mock_truth using (source_id)
        """
    ).fetchall()[0]
    assert -0.06 < zero < -0.03
    assert scatter == pytest.approx(1, abs=0.03)


def test_seismology_is_part_of_lamost(sky):
    strangers, states = sky.sql(
        """
        select count(*) filter (obsid is null), count(evolutionary_state)
        from seismology left join lamost on star_id = obsid
            and lamost.ra = seismology.ra and snrg = snr and logg between 2.0 and 3.1
            and teff between 4300 and 5300 and feh > -0.9
        """
    ).fetchall()[0]
    assert (strangers, states) == (0, 0)


def test_designations():
    ra = np.array([10.684737, 0.0, 359.99999999, 83.822083])
    dec = np.array([41.269035, -0.00001, 89.99999999, -5.391111])
    names = Designations(ra, dec)
    assert names.twomass().to_pylist() == [
        "00424433+4116085",
        "00000000-0000000",
        "23595999+8959599",
        "05351729-0523279",
    ]
    assert names.allwise().to_pylist()[0] == "J004244.33+411608.5"
    assert names.allwise().to_pylist()[3] == "J053517.29-052327.9"


def test_positions_with_one_name_have_one_key():
    ra, dec = np.array([10.0, 10.00001, 10.0, 10.0]), np.array([0.00001, 0.00001, -0.00001, 0.1])
    keys = Designations(ra, dec).keys()
    names = Designations(ra, dec).twomass().to_pylist()
    assert names[0] == names[1] != names[2]
    assert keys[0] == keys[1]
    assert len(set(keys.tolist())) == 3


def test_register_never_admits_a_name_twice():
    rng = np.random.default_rng(5)
    register, admitted, refused = NameRegister(20_000), set(), 0
    for _ in range(20):
        keys = rng.integers(0, 50_000, 1000).astype(np.uint64)
        new = register.admit(keys)
        names = keys[new].tolist()
        assert len(set(names)) == len(names)
        assert admitted.isdisjoint(names)
        admitted.update(names)
        refused += len(set(keys.tolist()) - admitted)
    assert refused < 40
