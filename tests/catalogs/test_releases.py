"""A file of one Gaia release is not taken for another's, whatever it is that tells them apart."""

from __future__ import annotations

import pytest
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey
from candlesql.errors import UserError

ROW = {"source_id": 1, "ra": 10.0, "dec": 0.0, "parallax": 1.5, "parallax_error": 0.05, "phot_g_mean_mag": 13.2}
DR2 = ({"designation": "Gaia DR2 1"}, {"ref_epoch": 2015.5}, {"mean_varpi_factor_al": 0.1}, {"teff_val": 4800})
DR3 = (
    {"designation": "Gaia DR3 1"},
    {"designation": "Gaia EDR3 1"},
    {"REF_EPOCH": 2016.0},
    {"pseudocolour": None},
    {"ipd_frac_multi_peak": 0},
    {"phot_bp_rp_excess_factor_corrected": 0.01},
    {"solution_id": 1636148068921376768},
)
NAMED = {"name": "Gaia DR3 1"}
DR4 = ({"designation": "Gaia DR4 1"}, {"ref_epoch": 2017.5})


@pytest.mark.parametrize(
    ("told", "sign", "release", "way_out"),
    [
        *(("gaia_dr2", sign, "Gaia DR3", "gaia_dr3") for sign in DR3),
        *(("gaia_dr3", sign, "Gaia DR2", "gaia_dr2") for sign in DR2),
        *(("gaia_dr3", sign, "Gaia DR4", "gaia_dr4") for sign in DR4),
        *(("gaia_dr2", sign, "Gaia DR4", "gaia_dr4") for sign in DR4),
        ("gaia_dr4", DR3[0], "Gaia DR3", "gaia_dr3"),
        ("gaia_dr4", DR2[1], "Gaia DR2", "gaia_dr2"),
    ],
)
def test_another_release_is_refused_and_named(write_rows, tmp_path, told, sign, release, way_out):
    file = write_rows(tmp_path / "stars.csv", [ROW | sign])
    with pytest.raises(UserError) as error:
        ingest(load_survey(told), [file], tmp_path / "out.parquet")
    said = str(error.value)
    assert f"is of {release}" in said
    assert next(iter(sign)).lower() in said.lower()
    assert f"ingest it as {way_out}" in said
    assert "stars.csv" in said
    assert "\n" not in said
    assert not (tmp_path / "out.parquet").exists()


@pytest.mark.parametrize(
    ("told", "sign"),
    [*(("gaia_dr2", sign) for sign in (*DR2, {})), *(("gaia_dr3", sign) for sign in (*DR3, {})), ("gaia_dr4", DR4[0])],
)
def test_its_own_release_is_taken(write_rows, tmp_path, told, sign):
    file = write_rows(tmp_path / "stars.csv", [ROW | sign])
    done = ingest(load_survey(told), [file], tmp_path / "out.parquet")
    assert done.rows == 1
    assert done.taken_as_told == ([] if sign else ["stars.csv"])


@pytest.mark.parametrize(
    "rows",
    [
        [{"DR3Name": "Gaia DR3 1"}],  # VizieR's names
        [{"SolID": 1636148068921376768}],
        [{"Epoch": 2016.0}],
        [{"designation": ""}, {"designation": "Gaia DR3 2"}],  # not in the first row
        [{"ref_epoch": None}, {"ref_epoch": 2016.0}],
        [{"designation": "Gaia DR2 1"}, {"designation": "Gaia DR3 2"}],  # of both
        [NAMED],
    ],
)
def test_signs_of_other_names_and_in_later_rows(write_rows, tmp_path, rows):
    file = write_rows(tmp_path / "stars.csv", [ROW | {"source_id": k} | row for k, row in enumerate(rows)])
    with pytest.raises(UserError, match=r"is of Gaia DR3 \(.*ingest it as gaia_dr3"):
        ingest(load_survey("gaia_dr2"), [file], tmp_path / "out.parquet")


@pytest.mark.parametrize(
    "sign", [{"epoch": 2459000.5}, NAMED | {"ref_epoch": 2015.5}, NAMED | {"other": "Gaia DR2 1"}, {"solid": 7}]
)
def test_cross_identifications_and_other_epochs_are_no_sign(write_rows, tmp_path, sign):
    file = write_rows(tmp_path / "stars.csv", [ROW | sign])
    assert ingest(load_survey("gaia_dr2"), [file], tmp_path / "out.parquet").rows == 1


def test_a_file_that_shows_no_release_is_taken_as_told_and_that_is_said(candlesql, write_rows, tmp_path):
    file = write_rows(tmp_path / "stars.csv", [ROW])
    done = candlesql("ingest", tmp_path / "sky", "gaia_dr3", file)
    assert done.code == 0
    assert done.err == "stars.csv: nothing in it shows its release; it is taken as told\n"


def test_a_release_that_nobody_knows_is_refused(write_rows, tmp_path):
    file = write_rows(tmp_path / "stars.csv", [ROW | {"designation": "Gaia DR1 1"}])
    with pytest.raises(UserError, match="designation is 'Gaia DR1 1', which no file of Gaia DR3 has"):
        ingest(load_survey("gaia_dr3"), [file], tmp_path / "out.parquet")


def test_every_file_is_looked_at(write_rows, tmp_path):
    files = [write_rows(tmp_path / f"{k}.csv", [ROW | {"source_id": k, "ref_epoch": 2015.5 + k / 2}]) for k in (0, 1)]
    with pytest.raises(UserError, match=r"1\.csv.*Gaia DR3"):
        ingest(load_survey("gaia_dr2"), files, tmp_path / "out.parquet")
