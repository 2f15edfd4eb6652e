"""Columns as their names, UCDs and units tell them; by hand."""

import pytest
from candlesql.catalogs.readers import FileColumn
from candlesql.catalogs.recognise import is_photometry, recognised


def known(*columns):
    return recognised({column.name: column for column in columns}, {column.name: "DOUBLE" for column in columns})


def test_a_ucd_tells_where_one_column_has_it():
    one = FileColumn("m1", "c", "mag", "phot.mag;em.IR.J")
    other = FileColumn("m2", "c", "mag", "phot.mag;em.IR.J")
    assert known(one) == {"j_m": "m1"}
    assert known(one, other) == {}
    assert known(FileColumn("m1", "c", "mag", "phot.mag;em.IR.J", "UKIDSS J")) == {}
    assert known(FileColumn("m1", "c", "mag", "stat.error;phot.mag;em.IR.J")) == {}


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("ugriz", {}),
        ("ugrizy", {}),
        ("griz", {}),
        ("grizy", {"g", "r", "i", "z", "y"}),
    ],
)
def test_lone_letters_are_pan_starrs_with_y_and_without_u(names, expected):
    found = known(*(FileColumn(f"{letter}mag", "c", "mag") for letter in names))
    assert {ours[0] for ours in found if ours.endswith("_mean_psf_mag")} == set(expected)


def test_units_of_another_kind_are_no_band():
    assert known(FileColumn("J", "c", "Jy"), FileColumn("K", "c", "K"), FileColumn("teff", "c", "mag")) == {}
    assert known(FileColumn("J", "c", "mmag")) == {"j_m": "J"}


@pytest.mark.parametrize(
    ("column", "is_so"),
    [
        (FileColumn("Vmag", "c"), True),
        (FileColumn("m", "c", "mag"), True),
        (FileColumn("e_Vmag", "c", "mag"), False),
        (FileColumn("A_V", "c", "mag"), False),
        (FileColumn("E(B-V)", "c", "mag"), False),
        (FileColumn("x", "c", "mag", "phys.absorption"), False),
        (FileColumn("x", "c", "", "phot.mag;em.opt.V"), True),
    ],
)
def test_what_looks_like_photometry(column, is_so):
    assert is_photometry(column, "DOUBLE") is is_so
