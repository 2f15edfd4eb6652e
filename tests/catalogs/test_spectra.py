"""aspcapStar files of APOGEE's structure, made here; the pseudo-continuum; pixels without data."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from candlesql.catalogs.spectra import aspcap
from candlesql.catalogs.spectra.aspcap import are_simulated, read_aspcap_star, write_spectra
from candlesql.catalogs.spectra.continuum import _scaled, _smooth, choose_continuum, is_missing, normalise
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


@pytest.mark.parametrize(
    ("flux", "error", "is_bad"),
    [
        (1, 0.2999, False), (1, 0.3, True), (1, 0, True), (1, -0.1, True), (1, np.nan, True), (1, np.inf, True),
        (0, 0.1, True), (1e-9, 0.1, False), (-1, 0.1, True), (np.nan, 0.1, True), (np.inf, 0.1, True),
    ],
)  # fmt: skip
def test_a_missing_pixel_spoils_its_neighbours(flux, error, is_bad):
    fluxes, errors = np.ones((2, 6)), np.full((2, 6), 0.01)
    fluxes[1, 2], errors[1, 2] = flux, error
    assert is_missing(fluxes, errors).tolist() == [[False] * 6, [False, *[is_bad] * 3, False, False]]
    at_the_ends = np.array([1.0, 1, 1, 0])
    assert is_missing(at_the_ends, np.full(4, 0.01)).tolist() == [False, False, True, True]
    assert is_missing(at_the_ends[::-1], np.full(4, 0.01)).tolist() == [True, True, False, False]


def test_continuum_pixels_are_those_that_change_least():
    """Stars at 1 - s, 1 and 1 + s; the 209, 172 and 137 pixels (7 %) of least s whose median is near 1."""
    rng = np.random.default_rng(2)
    s = 1e-5 * (1 + rng.permutation(N_PIXELS))
    middle = np.ones(N_PIXELS)
    middle[10:40:3], middle[5000:5030:3] = 0.98, 1.06
    s[10:40], s[5000:5030] = 0, 0
    middle[7000] = 0.986
    s[7000] = 0
    flux = middle + np.array([[-1], [0], [1]]) * s
    missing = [2995, 7404]
    flux[:, missing] = np.nan
    expected = []
    for first, last, n in ((0, 2992, 209), (2992, 5451, 172), (5451, 7405, 137)):
        near = [p for p in range(first, last) if middle[p] in (1, 0.986) and not any(abs(p - m) < 2 for m in missing)]
        expected += sorted(sorted(near, key=lambda p: (s[p], p))[:n])
    assert choose_continuum(flux, np.full(flux.shape, 0.01)).tolist() == expected


def test_the_continuum_is_that_of_numpys_chebyshev_polynomials():
    """Weighted by flux over error, on 11 pixels from 20 on; too few points, and a continuum below zero, are none."""
    chip = slice(20, 31)
    assert _scaled(np.array([20, 25, 30]), chip).tolist() == [-1, 0, 1]
    places = np.array([20, 22, 23, 26, 28, 30])
    x = (places - 25) / 5
    flux, error = 5 + x + 0.3 * x**3, 0.01 * (1 + x**2)
    flux[2] = np.nan
    known = np.isfinite(flux)
    fit = np.polynomial.chebyshev.chebfit(x[known], flux[known], 2, w=(flux / error)[known])
    expected = np.polynomial.chebyshev.chebval(np.arange(-5, 6) / 5, fit)
    np.testing.assert_allclose(_smooth(flux[None], error[None], places, chip)[0], expected, rtol=1e-9)
    for spoiled in ((flux, np.where(x == x[3], 0, error)), (np.where(x == x[3], -1, flux), error)):
        few = _smooth(*(values[None] for values in spoiled), places, chip)[0]
        assert np.isnan(few).all(), "four points"
    steep = _smooth((1 + x + 0.01)[None], np.full((1, 6), 0.01), places, chip)[0]
    np.testing.assert_allclose(steep, 1.01 + np.arange(-5, 6) / 5, atol=1e-9)
    at = np.array([20, 24, 25, 26, 28, 30])
    falls = 0.9 + (at - 25) / 5
    below = _smooth(falls[None], np.full((1, 6), 0.01), at, chip)[0]
    np.testing.assert_allclose(below, [np.nan, *0.9 + np.arange(-4, 6) / 5], atol=1e-9)


def test_features_are_logarithms_and_their_errors():
    """ln 1.1 with an error of 0.022 / 1.1; missing pixels have 0 and 0.1, and are counted."""
    flux, error = np.full((1, N_PIXELS), 2.0), np.full((1, N_PIXELS), 0.04)
    flux[0, 1001] = 2.2
    error[0, [500, 7404]] = 1e10
    continuum = np.arange(0, N_PIXELS, 4)
    log, log_error = normalise(flux, error, continuum[continuum != 7404])
    missing = [499, 500, 501, 7403, 7404]
    assert log[0, 1001] == pytest.approx(np.log(1.1), abs=1e-6)
    assert log_error[0, 1001] == pytest.approx(0.02 / 1.1, abs=1e-6)
    assert log[0, missing].tolist() == [0] * 5
    assert log_error[0, missing].tolist() == [np.float32(0.1)] * 5
    np.testing.assert_allclose(np.delete(log[0], [1001, *missing]), 0, atol=1e-6)
    np.testing.assert_allclose(np.delete(log_error[0], [1001, *missing]), 0.02, atol=1e-6)
    batch = aspcap.feature_batch(["a star"], flux, error, continuum[continuum != 7404])
    assert batch["n_missing"].to_pylist() == [5]
    assert (batch["ln_flux"][0].as_py()[1001], batch["ln_flux_error"][0].as_py()[500]) == (
        log[0, 1001],
        np.float32(0.1),
    )


@pytest.mark.parametrize(("start", "step", "is_right"), [(0.9e-9, 0, True), (-1.1e-9, 0, False), (0, 1.1e-9, False)])
def test_the_grid_of_a_spectrum(tmp_path, start, step, is_right):
    given = ({"CRVAL1": 4.179 + start, "CDELT1": 6e-6 + step}, np.ones(8575), np.ones(8575))
    if is_right:
        aspcap._check_grid(tmp_path, *given)
        with pytest.raises(UserError, match="8575 fluxes and 8574 errors"):
            aspcap._check_grid(tmp_path, given[0], np.ones(8575), np.ones(8574))
        with pytest.raises(UserError, match="CDELT1 is None"):
            aspcap._check_grid(tmp_path, {"CRVAL1": 4.179, "CDELT1": None}, np.ones(8575), np.ones(8575))
    else:
        with pytest.raises(UserError, match="APOGEE's common grid has"):
            aspcap._check_grid(tmp_path, *given)


def test_spectra_are_read_in_blocks_after_a_sample(tmp_path, monkeypatch):
    """Of five stars with a sample of two every second is looked at first."""
    read = []

    def star(file):
        read.append(file.name)
        return f"2M0000000{file.name}+0000000", np.ones(N_PIXELS), np.full(N_PIXELS, 0.01)

    monkeypatch.setattr(aspcap, "read_aspcap_star", star)
    monkeypatch.setattr(aspcap, "SAMPLE_STARS", 2)
    monkeypatch.setattr(aspcap, "BLOCK_STARS", 2)
    to = tmp_path / "new/spectra.parquet"
    assert write_spectra(to, [tmp_path / str(i) for i in range(5)]) == 5
    assert read == ["0", "2", "4", *"01234"]
    with pq.ParquetFile(to) as file:
        assert [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)] == [2, 2, 1]
        assert file.read(["apogee_id"])["apogee_id"].to_pylist()[4] == "2M00000004+0000000"
        said = file.schema_arrow.metadata[aspcap.CONTINUUM_KEY].split(b",")
    assert len(said) == 209 + 172 + 137
    assert [path.name for path in to.parent.iterdir()] == ["spectra.parquet"]
    assert not are_simulated(to)
    read.clear()
    write_spectra(to, [tmp_path / "7"])
    assert read == ["7", "7"]


def test_features_say_that_they_are_simulated(tmp_path):
    with aspcap.spectra_writer(tmp_path / "s.parquet", np.array([1, 2]), simulated=True):
        assert not (tmp_path / "s.parquet").exists(), "before it is whole"
    assert are_simulated(tmp_path / "s.parquet")
