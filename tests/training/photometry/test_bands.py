"""What a bands file may say, and what its mistakes are called."""

from pathlib import Path

import pytest
from candlesql.errors import UserError
from candlesql.training.photometry.bands import read_anchor, read_bands

V = '[[band]]\nname = "v"\ncolumn = "v_mag"\ntable = "Vega"\nmodel = "Vega"\n'
J = V.replace("v", "j").replace("jega", "vega")
ANCHOR = '[extinction_anchor]\nband = "v"\nof = "j"\nratio = 3.5\nsigma = 0.1\n'


def written(folder: Path, text: str) -> Path:
    (folder / "own.toml").write_text(text)
    return folder / "own.toml"


def test_two_bands_in_their_order(tmp_path):
    bands = read_bands(written(tmp_path, V + J.replace('table = "Vega"', 'table = "AB"') + "ab_minus_vega = 0.9\n"))
    assert [(band.name, band.column, band.offset) for band in bands] == [("v", "v_mag", 0.0), ("j", "j_mag", -0.9)]
    assert read_anchor(tmp_path / "own.toml") is None


def test_from_vega_to_ab_magnitudes_grow(tmp_path):
    bands = read_bands(written(tmp_path, V + J.replace('model = "Vega"', 'model = "AB"\nab_minus_vega = 1')))
    assert bands[1].offset == 1


def test_the_thirteen_are_sound():
    assert len(read_bands()) == 13
    assert read_anchor().ratio > 0


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least 2 tables [[band]]"),
        ("band = 3", "at least 2 tables [[band]]"),
        ("band = [1, 2]", "at least 2 tables [[band]]"),
        (V, "at least 2 tables [[band]]"),
        (V + J.replace('"j"', '"v"'), "two bands have the name v"),
        (V + J.replace("j_mag", "v_mag"), "two bands have the column v_mag"),
        (V + J.replace('column = "j_mag"\n', ""), "band 2 (j): column is missing"),
        (V + J.replace('name = "j"\n', ""), "band 2 (no name): name is missing"),
        (V + J + 'unit = "mag"\n', "band 2 (j): unit is unknown; there are name, column, table, model, ab_minus_vega"),
        (V + J.replace('"j"', '"J - K"'), "band 2 (J - K): the name is no name for SQL"),
        (
            V + J.replace('table = "Vega"', 'table = "vega"'),
            "band 2 (j): table is 'vega', one of AB and Vega is wanted",
        ),
        (V + J.replace('model = "Vega"', 'model = "ST"'), "band 2 (j): model is 'ST', one of AB and Vega is wanted"),
        (V + J.replace('table = "Vega"', 'table = "AB"'), "table is AB, model is Vega: give ab_minus_vega [mag]"),
        (V + J + "ab_minus_vega = nan\n", "band 2 (j): ab_minus_vega is nan, a number is wanted"),
        (V + J + 'ab_minus_vega = "0.9"\n', "band 2 (j): ab_minus_vega is '0.9', a number is wanted"),
        (V + J.replace('"j_mag"', "7"), "band 2 (j): column is 7, a text is wanted"),
        (V + J + "name = ", "cannot be read as a bands file"),
    ],
)
def test_a_mistake_is_one_line_with_its_place(tmp_path, text, said):
    with pytest.raises(UserError) as caught:
        read_bands(written(tmp_path, text))
    assert str(caught.value).startswith(f"{tmp_path / 'own.toml'}: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("extinction_anchor = 1", "extinction_anchor is no table"),
        (ANCHOR.replace("sigma = 0.1\n", ""), "extinction_anchor: sigma is missing"),
        (ANCHOR.replace("0.1", "0"), "sigma = 0, which must be above 0"),
        (ANCHOR.replace("3.5", "true"), "extinction_anchor: ratio is True, a number is wanted"),
    ],
)
def test_an_anchor_that_is_none(tmp_path, text, said):
    with pytest.raises(UserError) as caught:
        read_anchor(written(tmp_path, text))
    assert said in str(caught.value)


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_bands(tmp_path / "none.toml")
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="cannot be read as a bands file"):
        read_bands(tmp_path / "own.toml")
