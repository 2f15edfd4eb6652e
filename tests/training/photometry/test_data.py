import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.errors import UserError
from candlesql.training.entry import start
from candlesql.training.photometry import density
from candlesql.training.photometry.bands import Band, read_bands
from candlesql.training.photometry.data import (
    distance_modulus,
    read_stars,
    split_bucket,
    stars_from_table,
)


def test_distance_modulus_of_10_pc_1_kpc_and_10_kpc():
    parallax = np.array([100.0, 1.0, 0.1])
    modulus, sigma = distance_modulus(parallax, parallax / 10.0)
    np.testing.assert_allclose(modulus, [0.0, 10.0, 15.0], atol=1e-12)
    # d mu = 5 / ln 10 * d parallax / parallax = 2.17147 * 0.1
    np.testing.assert_allclose(sigma, 0.217147, rtol=1e-5)


def test_parallax_below_signal_to_noise_5_says_nothing():
    parallax = np.array([0.5, 0.500001, -1.0, np.nan])
    modulus, sigma = distance_modulus(parallax, np.array([0.1, 0.1, 0.1, 0.1]))
    assert list(np.isinf(sigma)) == [True, False, True, True]
    assert modulus[0] == 0.0


def test_wise_is_moved_from_ab_to_vega_by_the_bands_file_alone():
    offsets = {band.name: band.offset for band in read_bands()}
    assert offsets.pop("w1") == -2.699
    assert offsets.pop("w2") == -3.339
    assert set(offsets.values()) == {0.0}


def test_band_without_offset_is_refused():
    with pytest.raises(UserError, match="ab_minus_vega"):
        _ = Band("u", "u_mag", "AB", "Vega").offset


def table(**change):
    columns = {
        "row": [1, 2],
        "teff": [5000.0, 6000.0],
        "logg": [2.5, 4.4],
        "feh": [-0.5, 0.0],
        "reddening": [0.1, 0.2],
        "reddening_error": [0.02, 0.03],
        "parallax": [1.0, 0.1],
        "parallax_error": [0.1, 0.1],
        "v_mag": [12.0, 13.0],
        "v_mag_error": [0.02, 0.02],
        "k_mag": [10.0, np.nan],
        "k_mag_error": [0.3, np.nan],
    }
    names = ("teff", "logg", "feh")
    for i, a in enumerate(names):
        for b in names[i:]:
            columns[f"cov_{a}_{b}"] = [0.01, 0.01]
    return pa.table({**columns, **change})


BANDS = [
    Band("v", "v_mag", "Vega", "Vega"),
    Band("k", "k_mag", "AB", "Vega", ab_minus_vega=1.85),
]


def test_other_band_sets_need_no_code_and_missing_bands_get_infinite_errors():
    stars = stars_from_table(table(), BANDS)
    # k of star 1 has an error above 0.2 mag, that of star 2 is NaN
    assert stars.observed.tolist() == [[True, False], [True, False]]
    assert np.isinf(stars.mag_sigma[:, 1]).all()
    good = stars_from_table(table(k_mag_error=[0.1, np.nan]), BANDS)
    assert good.mag[0, 1] == pytest.approx(10.0 - 1.85)


def test_missing_column_is_named():
    with pytest.raises(UserError, match="k_mag is missing"):
        stars_from_table(table().drop_columns(["k_mag"]), BANDS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"teff": [3.7, 3.8]}, r"column teff: its median is 3.75, which cannot be in K"),
        ({"reddening": [0.1, -999.0]}, r"column reddening: 1 values are negative .* first is -999 mag"),
        ({"teff": [np.nan, np.nan]}, "none of 2 stars can be used, most of them for this: a label is missing"),
        ({"v_mag": pa.nulls(2, pa.float64())}, "the first band is not observed"),
        ({"reddening_error": [0.0, np.nan]}, "no reddening prior"),
    ],
)
def test_bad_tables_are_refused_with_file_column_and_value(tmp_path, change, message):
    pq.write_table(table(**change), tmp_path / "stars.parquet")
    with pytest.raises(UserError, match=message) as refused:
        read_stars(tmp_path / "stars.parquet", BANDS)
    assert str(refused.value).startswith(f"{tmp_path / 'stars.parquet'}: ")


def test_files_that_are_not_there_or_no_tables_are_refused(tmp_path):
    (tmp_path / "text.parquet").write_text("teff,logg\n")
    for name in ("none.parquet", "text.parquet"):
        with pytest.raises(UserError, match=name):
            read_stars(tmp_path / name, BANDS)


def test_stars_without_labels_are_left_out_and_counted(tmp_path, caplog):
    pq.write_table(table(teff=[5000.0, np.nan]), tmp_path / "stars.parquet")
    with caplog.at_level("INFO"):
        assert read_stars(tmp_path / "stars.parquet", BANDS).row.tolist() == [1]
    assert "1 of 2 stars left out: a label is missing" in caplog.text


def test_a_training_command_says_it_in_one_line(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["density", "--data", str(tmp_path / "none.parquet")])
    with pytest.raises(SystemExit) as stop:
        start(density.main)
    assert stop.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_identifiers_of_gaia_are_kept_to_the_last_digit(tmp_path):
    identifiers = [1837583478213976679, 4295806720]  # the first is above 2**53
    given = table(teff=[5000.0, 5000.0])
    place = given.column_names.index("row")
    pq.write_table(given.set_column(place, "row", pa.array(identifiers)), tmp_path / "stars.parquet")
    assert read_stars(tmp_path / "stars.parquet", BANDS).row.tolist() == identifiers


def test_split_is_the_md5_of_the_identifier():
    # first 8 hex digits of `printf 1 | md5sum` etc., modulo 10
    expected = [0xC4CA4238 % 10, 0xA1D0C6E8 % 10, 0xFA246D02 % 10]
    assert split_bucket(np.array([1, 42, 9999])).tolist() == expected == [0, 4, 2]


def test_real_table(real_stars):
    assert len(real_stars) == 7026
    share = np.bincount(split_bucket(real_stars.row), minlength=10) / len(real_stars)
    np.testing.assert_allclose(share, 0.1, atol=0.015)
    # Vega colours of late-type stars: W1 - W2 is within 0.2 mag of zero (AB: -0.6)
    both = real_stars.observed[:, 11] & real_stars.observed[:, 12]
    colour = (real_stars.mag[:, 11] - real_stars.mag[:, 12])[both]
    assert abs(np.median(colour)) < 0.1
