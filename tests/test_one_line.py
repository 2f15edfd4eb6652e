"""Files that are no catalogs and were damaged, or say values of other types: one line each."""

from __future__ import annotations

import random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.io import fits
from candlesql import UserError
from candlesql.catalogs.spectra.aspcap import read_aspcap_star, write_spectra
from candlesql.catalogs.survey import read_survey
from candlesql.udfs import taught

SURVEY = """
title = "t"
citation = "c"
id = "name"
ra = "ra"
dec = "dec"
{more}
[columns]
name = {{ type = "VARCHAR" }}
ra = {{ type = "DOUBLE", unit = "deg"{column} }}
dec = {{ type = "DOUBLE", unit = "deg" }}
{after}
"""


def test_an_error_is_one_line_without_what_a_terminal_obeys():
    said = str(UserError("has a\nname \x1b[31mred\x07", file="a\tb", hint="mend\rit"))
    assert said == "a b: has a name ?[31mred?; mend it"


@pytest.mark.parametrize(
    ("more", "column", "after", "said"),
    [
        ("wide = 'yes'", "", "", "wide is 'yes', where true or false is wanted"),
        ("sentinels = [true, 'x']", "", "", "could not convert"),
        ("id_prefixes = 'Gaia '", "", "", "id_prefixes is 'Gaia ', where a list is wanted"),
        ("id_prefixes = [1]", "", "", "id_prefixes is .1,., where a list is wanted"),
        ("layout = { names = [1, 2] }", "", "", "names is .1, 2., where a list is wanted"),
        ("layout = { names = ['a'], delimiter = 5 }", "", "", "delimiter is 5, where a text is wanted"),
        ("", ', aka = "RA"', "", "aka is 'RA', where a list is wanted"),
        ("", ", ucd = 7", "", "ra: ucd is 7, where a text is wanted"),
        ("", ", required = 1", "", "ra: required is 1, where true or false is wanted"),
        ("", "", "[release]\nname = 'a'\nfamily = 'f'\nprefix = 'x'", "a: prefix is 'x', where a table is wanted"),
        ("", "", "[release]\nname = 'a'\nfamily = 'f'\ncolumns = [[1]]", "a: columns is"),
        ("", "", "[errors]\neast = 1\nnorth = 'ra'", "errors is"),
    ],
)
def test_a_survey_that_says_another_kind_of_value(tmp_path, more, column, after, said):
    path = tmp_path / "mine.toml"
    path.write_text(SURVEY.format(more=more, column=column, after=after))
    with pytest.raises(UserError, match=said) as raised:
        read_survey(path)
    assert str(path) in str(raised.value)


def star(folder, change=lambda hdus: None):
    path = folder / "aspcapStar-2M00000000+0000000.fits"
    header = fits.Header({"OBJID": "2M00000000+0000000", "CRVAL1": 4.179, "CDELT1": 6e-6})
    hdus = [fits.PrimaryHDU(header=header)]
    hdus += [fits.ImageHDU(np.full(8575, value, np.float32), header) for value in (1.0, 0.01)]
    change(hdus)
    fits.HDUList(hdus).writeto(path)
    return path


@pytest.mark.parametrize("card", [b"CRVAL1  = ", b"BITPIX  = ", b"NAXIS1  = "])
def test_a_spectrum_with_a_card_that_is_none(tmp_path, card):
    path = star(tmp_path)
    path.write_bytes(path.read_bytes().replace(card, card[:-1] + b"?"))
    with pytest.raises(UserError) as raised:
        read_aspcap_star(path)
    assert str(raised.value).startswith(f"{path}: ")


def test_a_spectrum_without_a_continuum_is_missing_pixels(tmp_path):
    """Weights that are all zero leave no polynomial to solve for."""

    def spoil(hdus):
        hdus[2].data = np.full(8575, 1e170)

    write_spectra(tmp_path / "made.parquet", [star(tmp_path, spoil)])
    assert pq.read_table(tmp_path / "made.parquet")["n_missing"].to_pylist() == [7405]


@pytest.mark.parametrize(
    "table",
    [
        pa.table({"key": ["a", "b"]}),
        pa.table({"key": pa.array([1, None], pa.int64())}),
        pa.table({"key": pa.array([1], pa.int64())}).replace_schema_metadata({taught.SEAL: b"\xdf\xff"}),
    ],
)
def test_a_list_of_training_stars_of_another_form_is_not_whole(tmp_path, table):
    pq.write_table(table, tmp_path / "list.parquet")
    assert not taught._is_whole(tmp_path / "list.parquet", 0)


def test_a_moc_at_which_the_library_panics(tmp_path, capfd):
    mocpy = pytest.importorskip("mocpy")
    from candlesql.catalogs.regions import _ranges

    good, path = tmp_path / "good.fits", tmp_path / "moc.fits"
    mocpy.MOC.from_json({"5": [1, 2, 700]}).save(str(good), format="fits")
    content, rng, n_refused = good.read_bytes(), random.Random(1), 0
    for place in range(10, content.rindex(b"END     "), 80):
        for value in (b"".ljust(70), b"/".ljust(70), b"'".ljust(70), rng.randbytes(70)):
            path.write_bytes(content[:place] + value + content[place + 70 :])
            try:
                _ranges(path)
            except UserError as error:
                n_refused += str(error).startswith(f"{path}: ")
    assert n_refused > 5
    assert capfd.readouterr().err == ""
