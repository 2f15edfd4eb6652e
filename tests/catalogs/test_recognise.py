"""Columns as their names, UCDs and units tell them; by hand."""

import pytest
from candlesql.catalogs.readers import FileColumn
from candlesql.catalogs.recognise import is_error, is_photometry, recognised


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


@pytest.mark.parametrize(
    ("name", "ucd", "expected"),
    [
        ("e_Gmag", "", True), ("err_j", "", True), ("j_msigcom", "", True), ("w1sigmpro", "", True),
        ("gmagerr", "", True),
        ("parallax_error", "", True), ("t.e_J", "", True), ("x", "stat.error;phot.mag", True),
        ("emag", "", False), ("j_m", "", False), ("seismic", "", False), ("x", "phot.mag", False),
    ],
)  # fmt: skip
def test_what_is_an_error(name, ucd, expected):
    assert is_error(FileColumn(name, name, ucd=ucd)) is expected


@pytest.mark.parametrize(
    ("name", "unit", "ucd", "kind", "expected"),
    [
        ("X", "mag", "", "DOUBLE", True), ("X", "mmag", "", "FLOAT", True), ("Imag", "", "", "DOUBLE", True),
        ("mag_i", "", "", "DOUBLE", True), ("X", "", "phot.mag;em.opt", "DOUBLE", True),
        ("X", "mag", "phys.absorption", "DOUBLE", False),
        ("X", "mag", "", "VARCHAR", False), ("e_X", "mag", "", "DOUBLE", False), ("A_V", "mag", "", "DOUBLE", False),
        ("E(B-V)", "mag", "", "DOUBLE", False), ("distmod", "mag", "", "DOUBLE", False),
        ("M_abs", "mag", "", "DOUBLE", False),
        ("X", "mas", "", "DOUBLE", False), ("image", "", "", "DOUBLE", False),
    ],
)  # fmt: skip
def test_what_is_photometry_by_name_unit_and_ucd(name, unit, ucd, kind, expected):
    assert is_photometry(FileColumn(name, name, unit, ucd), kind) is expected
