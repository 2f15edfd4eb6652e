"""Columns that are an element of a vector or matrix, as of APOGEE's FPARAM_COV; expected values are those written."""

import numpy as np
import pyarrow.parquet as pq
import pytest
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey, read_survey

WANTED = {
    "var_teff": (0, 0),
    "var_logg": (1, 1),
    "var_m_h": (3, 3),
    "cov_teff_logg": (0, 1),
    "cov_teff_m_h": (0, 3),
    "cov_logg_m_h": (1, 3),
}
SURVEY = """
title = "Mine"
citation = "me"
id = "star"
[columns]
star = {{ type = "BIGINT", required = true }}
x = {{ type = "DOUBLE", element = {{ {} }} }}
"""


def stars(n, **columns):
    return Table({
        "APOGEE_ID": [f"2M{i}" for i in range(n)], "RA": 10.0 + np.arange(n), "DEC": -5.0 - np.arange(n),
        "TEFF": np.full(n, 4500, "f4"), **columns,
    })  # fmt: skip


def matrices(n, size=9):
    """Symmetric as covariances are, every element of its own."""
    half = np.arange(n * size * size, dtype="f4").reshape(n, size, size) + 1
    return half + half.transpose(0, 2, 1)


def stored(survey, path, target):
    done = ingest(survey, [path], target)
    table = pq.read_table(target).to_pylist()
    return done, sorted(table, key=lambda row: str(row[survey.id]))


@pytest.mark.parametrize(
    "name", ["stars.fits", "stars.fits.gz", "stars.parquet", "stars.ecsv", "stars.vot", "stars.hdf5"]
)
@pytest.mark.parametrize("is_flat", [False, True])
def test_covariances_of_apogee(tmp_path, name, is_flat):
    given = matrices(3)
    table = stars(3, FPARAM_COV=given.reshape(3, 81) if is_flat else given)
    options = {"format": "votable"} if name.endswith(".vot") else {"path": "stars"} if name.endswith("5") else {}
    table.write(tmp_path / name, **options)
    done, rows = stored(load_survey("apogee"), tmp_path / name, tmp_path / "apogee.parquet")
    for column, (i, j) in WANTED.items():
        assert [row[column] for row in rows] == given[:, i, j].tolist(), column
    assert not {each.lower() for each in done.left_out} & {"fparam_cov", *WANTED}


def test_a_column_of_its_own_comes_first_and_sentinels_are_missing(tmp_path):
    given = matrices(2)
    given[1] = -9999
    stars(2, fparam_cov=given, cov_teff_logg=np.array([0.5, 0.25], "f4")).write(tmp_path / "stars.fits")
    _, rows = stored(load_survey("apogee"), tmp_path / "stars.fits", tmp_path / "apogee.parquet")
    assert [row["cov_teff_logg"] for row in rows] == [0.5, 0.25]
    assert [row["cov_teff_m_h"] for row in rows] == [given[0, 0, 3], None]


def test_a_matrix_of_another_size_is_left_out_and_told(tmp_path):
    """The fourth of seven labels stands elsewhere than that of nine."""
    stars(2, FPARAM_COV=matrices(2, 7)).write(tmp_path / "stars.fits")
    done, rows = stored(load_survey("apogee"), tmp_path / "stars.fits", tmp_path / "apogee.parquet")
    assert {row[column] for row in rows for column in WANTED} == {None}
    assert "FPARAM_COV" in done.left_out


@pytest.mark.parametrize(
    ("element", "expected"),
    [
        ('of = "v", index = [2, 3], shape = [2, 3]', [6, 16]),
        ('of = "V", index = [2, 1], shape = [2, 3]', [4, 14]),
        ('of = "v", index = [3], shape = [4]', [None, None]),
    ],
)
def test_an_element_of_a_survey_of_ones_own(tmp_path, element, expected):
    (tmp_path / "mine.toml").write_text(SURVEY.format(element))
    given = np.array([[[1, 2, 3], [4, 5, 6]], [[11, 12, 13], [14, 15, 16]]], "f8")
    for name in ("t.fits", "t.parquet"):
        Table({"star": [1, 2], "v": given}).write(tmp_path / name)
        _, rows = stored(read_survey(tmp_path / "mine.toml"), tmp_path / name, tmp_path / "mine.parquet")
        assert [row["x"] for row in rows] == expected


@pytest.mark.parametrize(
    "element",
    [
        'of = "v", index = [3], shape = [2]',
        'of = "v", index = [0], shape = [2]',
        'of = "v", index = [], shape = []',
        'of = "v", index = [1], shape = [2, 2]',
        'of = "v", index = [1, 1], shape = [2]',
        'of = "v", index = 1, shape = 2',
        'of = "v"',
        'of = "v", index = ["1"], shape = [2]',
    ],
)
def test_an_element_that_cannot_be_is_refused(tmp_path, element):
    path = tmp_path / "mine.toml"
    path.write_text(SURVEY.format(element))
    with pytest.raises(UserError, match=r"mine\.toml: "):
        read_survey(path)
