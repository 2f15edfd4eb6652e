"""aspcapStar files of APOGEE's structure, made here; the pseudo-continuum; pixels without data."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from candlesql.catalogs.spectra.aspcap import read_aspcap_star, write_spectra
from candlesql.catalogs.spectra.continuum import choose_continuum, normalise
from candlesql.catalogs.spectra.pixels import N_PIXELS, chips, kept, wavelength
from candlesql.errors import UserError

LINES = np.arange(40, 8500, 57)


def aspcap_star(path, name, depth=0.3, seed=0, tilt=0.0, start=4.179, n=8575):
    """An aspcapStar file: primary header with OBJID, then spectrum, errors and best fit as images of 8,575 pixels."""
    rng = np.random.default_rng(seed)
    place = np.arange(n)
    flux = np.ones(n)
    for line in LINES:
        flux -= depth * np.exp(-0.5 * ((place - line) / 2.5) ** 2)
    flux = flux * (1 + tilt * (place / n - 0.5)) + rng.normal(0, 0.005, n)
    error = np.full(n, 0.005)
    flux[1000:1003], error[1000:1003] = 0, 1e10
    header = fits.Header({"CRVAL1": start, "CDELT1": 6e-6, "CTYPE1": "LOG-LINEAR"})
    primary = fits.PrimaryHDU()
    primary.header["OBJID"] = name
    images = [fits.ImageHDU(values.astype(np.float32), header) for values in (flux, error, np.ones(n))]
    fits.HDUList([primary, *images]).writeto(path)
    return path


def test_7405_pixels_on_three_detectors():
    assert len(kept()) == N_PIXELS == 7405
    assert [chip.stop - chip.start for chip in chips()] == [2992, 2459, 1954]
    # CRVAL1 and CDELT1 of APOGEE's grid: pixel 264 is 10^(4.179 + 264 * 6e-6) Angstrom
    assert wavelength()[0] == pytest.approx(10**4.180584)
    assert 15_100 < wavelength().min() < wavelength().max() < 17_000


def test_reads_name_flux_and_error(tmp_path):
    path = aspcap_star(tmp_path / "aspcapStar-r8-l31c.2-2M00000002+7417074.fits", "2M00000002+7417074")
    name, flux, error = read_aspcap_star(path)
    with fits.open(path) as hdus:
        raw = hdus[1].data
    assert name == "2M00000002+7417074"
    assert flux.shape == error.shape == (7405,)
    assert flux[0] == raw[264]
    assert flux[2992] == raw[3603]


def test_writes_one_array_a_star(tmp_path):
    files = [
        aspcap_star(tmp_path / f"aspcapStar-{i}.fits", f"2M0000000{i}+0000000", 0.2 + 0.02 * i, i, 0.05)
        for i in range(8)
    ]
    assert write_spectra(tmp_path / "spectra.parquet", files) == 8
    table = pq.read_table(tmp_path / "spectra.parquet")
    assert str(table.schema.field("ln_flux").type) == "fixed_size_list<element: float>[7405]"
    assert table["apogee_id"].to_pylist()[0] == "2M00000000+0000000"
    first = np.array(table["ln_flux"][0].as_py())
    # pixels 1000-1002 have no data and spoil a neighbour on each side: grid 999-1003, places 735-739
    assert first[735:740].tolist() == [0] * 5
    assert np.array(table["ln_flux_error"][0].as_py())[735:740].tolist() == [np.float32(0.1)] * 5
    assert table["n_missing"][0].as_py() == 5
    # a line's centre at grid 2035 (40 + 35 * 57): ln(1 - 0.2)
    assert first[2035 - 264] == pytest.approx(np.log(0.8), abs=0.03)


def test_a_tilted_continuum_is_taken_out():
    rng = np.random.default_rng(1)
    flux = np.ones((30, N_PIXELS))
    flux[:, 100:7400:40] = 0.7 + 0.1 * rng.random((30, 1))
    error = np.full(flux.shape, 0.004)
    x = np.linspace(-1, 1, N_PIXELS)
    tilted = (flux + rng.normal(0, 0.004, flux.shape)) * (1 + 0.012 * x + 0.006 * x**2)
    continuum = choose_continuum(tilted, error)
    assert not set(continuum) & set(range(100, 7400, 40))
    log, log_error = normalise(7.0 * tilted, 7.0 * error, continuum)
    np.testing.assert_allclose(log.mean(axis=0), np.log(flux).mean(axis=0), atol=0.004)
    np.testing.assert_allclose(log_error[0], (error * (1 + 0.012 * x + 0.006 * x**2))[0] / tilted[0], rtol=0.02)


def test_the_continuum_is_weighted_by_the_errors():
    """A wild continuum pixel with a large error does not move the polynomial."""
    flux, error = np.ones((1, N_PIXELS)), np.full((1, N_PIXELS), 0.01)
    continuum = np.arange(0, N_PIXELS, 20)
    flux[0, 1000], error[0, 1000] = 1.25, 0.25
    log, _ = normalise(flux, error, continuum)
    assert abs(np.delete(log[0], [999, 1000, 1001])).max() < 1e-3


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b"nothing"), "not an aspcapStar file"),
        (lambda path: aspcap_star(path, "2M00000002+7417074", start=4.2), "CRVAL1 is 4.2"),
        (lambda path: aspcap_star(path, "2M00000002+7417074", n=8500), "8500 fluxes"),
        (lambda path: aspcap_star(path, "a star"), "neither OBJID"),
    ],
)
def test_other_files_are_refused(tmp_path, make, said):
    make(tmp_path / "file.fits")
    with pytest.raises(UserError, match=said) as refused:
        read_aspcap_star(tmp_path / "file.fits")
    assert str(tmp_path / "file.fits") in str(refused.value)


def test_two_spectra_of_a_star_are_refused(tmp_path):
    files = [aspcap_star(tmp_path / f"{i}.fits", "2M00000002+7417074") for i in range(2)]
    with pytest.raises(UserError, match="is also in"):
        write_spectra(tmp_path / "spectra.parquet", files)
    assert not list(tmp_path.glob("*.parquet"))
