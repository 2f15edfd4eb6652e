"""Survey files proposed for tables as people have them; what is in them by hand, and what an ingest makes of it."""

import tomllib

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from candlesql import UserError
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey, read_survey
from candlesql.commands.propose import is_table, propose_survey

IDS = [4295806720, 34361129088, 38655544960]
VIZIER = {
    "Source": (IDS, ""),
    "RA_ICRS": ([10.0, 150.0, 359.5], "deg"),
    "DE_ICRS": ([-60.0, 0.5, 89.0], "deg"),
    "Plx": ([1.5, 0.5, -0.1], "mas"),
    "e_Plx": ([0.1, 0.1, 0.2], "mas"),
    "pmRA": ([1.0, 2.0, 3.0], "mas/yr"),
    "pmDE": ([1.0, 2.0, 3.0], "mas/yr"),
    "Gmag": ([12.0, 13.0, 14.0], "mag"),
    "BPmag": ([12.5, 13.5, -999.0], "mag"),
    "RPmag": ([11.5, 12.5, 13.5], "mag"),
    "e_Gmag": ([0.01, 0.01, 0.01], "mag"),
    "Jmag": ([10.5, 11.5, 12.5], "mag"),
    "Kmag": ([10000.0, 11000.0, 12000.0], "mmag"),
    "A_V": ([0.1, 0.2, 0.3], "mag"),
    "Sp type": (["K2III", "G8III", ""], ""),
}


@pytest.fixture
def proposed(tmp_path, monkeypatch):
    """`proposed(columns)` proposes a survey file for a table with these columns, values and units in ECSV."""
    monkeypatch.chdir(tmp_path)

    def run(columns, name="mine.ecsv"):
        table = Table({n: values for n, (values, _) in columns.items()})
        for column, (_, unit) in columns.items():
            table[column].unit = unit or None
        table.write(tmp_path / name)
        lines = list(propose_survey(tmp_path / "sky", [tmp_path / name]))
        text = (tmp_path / f"{name.partition('.')[0]}.toml").read_text()
        return lines, tomllib.loads(text)

    return run


def stored(tmp_path, columns, **how):
    survey = read_survey(tmp_path / "mine.toml")
    ingest(survey, [tmp_path / "mine.ecsv"], tmp_path / "out.parquet", **how)
    return duckdb.sql(f"select {columns} from '{tmp_path}/out.parquet' order by 1").fetchall()


def test_a_table_of_vizier_becomes_a_wide_one(proposed, tmp_path):
    lines, said = proposed(VIZIER)
    assert "candlesql ingest" in lines[1]
    assert "mine.toml" in lines[1]
    assert (said["like"], said["epoch"], said["pmra"], said["pmdec"]) == ("wide", 2016.0, "pmRA", "pmDE")
    assert said["sentinels"] == [-999.0]
    names = {ours: entry["aka"][0] for ours, entry in said["columns"].items() if "aka" in entry}
    assert names == {
        "source_id": "Source",
        "ra": "RA_ICRS",
        "dec": "DE_ICRS",
        "parallax": "Plx",
        "parallax_error": "e_Plx",
        "phot_g_mean_mag": "Gmag",
        "phot_bp_mean_mag": "BPmag",
        "phot_rp_mean_mag": "RPmag",
        "j_m": "Jmag",
        "ks_m": "Kmag",
        "Sp_type": "Sp type",
    }
    assert said["columns"]["A_V"] == {"type": "DOUBLE", "unit": "mag"}
    assert stored(tmp_path, "source_id, ra, phot_bp_mean_mag, ks_m, pmRA, A_V, Sp_type")[2] == (
        IDS[2],
        359.5,
        None,
        12.0,
        3.0,
        pytest.approx(0.3),
        None,
    )


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            ("gaia_dr3_source_id", "ra", "dec", "parallax", "phot_g_mean_mag", "bp_rp"),
            {"phot_g_mean_mag": "phot_g_mean_mag"},
        ),
        (
            ("id", "J_2MASS", "H_2MASS", "Ks_2MASS", "W1", "W2"),
            {"j_m": "J_2MASS", "ks_m": "Ks_2MASS", "w2mpro": "W2"},
        ),
        (("id", "gmag", "rmag", "imag", "zmag", "ymag"), {"g_mean_psf_mag": "gmag", "y_mean_psf_mag": "ymag"}),
        (("id", "g_ps1", "gaia_g", "G_err"), {"g_mean_psf_mag": "g_ps1", "phot_g_mean_mag": "gaia_g"}),
        (
            ("KIC", "Teff", "logg", "[Fe/H]", "Dnu", "DP1"),
            {"source_id": "KIC", "feh": "[Fe/H]", "delta_nu_uhz": "Dnu"},
        ),
        (("id", "b", "l", "J"), {"b": "b", "l": "l", "j_m": "J"}),
        (
            ("id", "gaia.phot_g_mean_mag", "des.ra", "gaia.ra", "K"),
            {"phot_g_mean_mag": "gaia.phot_g_mean_mag", "ra": "gaia.ra"},
        ),
    ],
)
def test_names_that_are_known(proposed, columns, expected):
    rows = {name: ([1.5, 2.5, 3.5] if i else IDS, "") for i, name in enumerate(columns)}
    _, said = proposed(rows)
    found = {ours: entry.get("aka", [ours])[0] for ours, entry in said["columns"].items()}
    assert expected.items() <= found.items()


@pytest.mark.parametrize("names", [("Vmag", "Bmag"), ("umag", "gmag", "rmag")], ids=["Johnson", "SDSS"])
def test_photometry_of_no_known_band_is_told_loudly(proposed, tmp_path, names):
    columns = {"id": (IDS, ""), "J": ([1.0, 2.0, 3.0], "mag")} | {n: ([1.0, 2.0, 3.0], "mag") for n in names}
    with pytest.raises(UserError, match=rf"photometry of no known band \({len(names)}\): {', '.join(names)};"):
        proposed(columns)
    said = tomllib.loads((tmp_path / "mine.toml").read_text())
    assert set(names) < set(said["columns"])


def test_positions_in_radians(proposed, tmp_path):
    ra, dec = np.radians([10.0, 80.0, 150.0, 250.0, 359.0]), np.radians([-60.0, -30.0, 0.0, 30.0, 80.0])
    columns = {"name": (list("abcde"), ""), "ra": (ra, ""), "dec": (dec, ""), "rv": ([1.0] * 5, "km/s")}
    lines, said = proposed(columns)
    assert (said["id"], said["columns"]["rv"]["unit"], said["epoch"]) == ("name", "km / s", 2000.0)
    assert lines[1].endswith("--unit ra=rad --unit dec=rad")
    with pytest.raises(UserError, match=r"looks like radians; say --unit ra=rad"):
        stored(tmp_path, "name")
    rows = stored(tmp_path, 'name, ra, "dec"', units={"ra": "rad", "dec": "rad"})
    assert rows[0] == ("a", pytest.approx(10.0), pytest.approx(-60.0))


def test_identifiers_behind_words_that_are_not_unique(proposed, tmp_path):
    _, said = proposed({"Gaia": ([f"Gaia DR3 {n}" for n in (5, 5, 6)], ""), "J": ([1.0, 2.0, 3.0], "mag")})
    assert (said["id_prefixes"], said["unique"]) == (["Gaia DR3 "], False)
    assert stored(tmp_path, "source_id") == [(5,), (5,), (6,)]


def test_an_identifier_that_is_missing_somewhere_is_none(proposed, tmp_path):
    columns = {"gaia_dr3_source_id": (["5", "", "6"], ""), "kic": ([7, 8, 9], ""), "J": ([1.0, 2.0, 3.0], "mag")}
    _, said = proposed(columns)
    assert said["columns"]["source_id"] == {"aka": ["kic"]}
    assert stored(tmp_path, "source_id") == [(7,), (8,), (9,)]


def test_a_survey_file_is_never_overwritten(proposed, tmp_path):
    proposed(VIZIER)
    with pytest.raises(UserError, match=r"mine\.toml: is there already"):
        list(propose_survey(tmp_path / "sky", [tmp_path / "mine.ecsv"]))


def test_a_table_is_told_from_a_survey(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "twomass").write_text("")
    (tmp_path / "t.fits").write_text("")
    (tmp_path / "t.toml").write_text("")
    assert [is_table(tmp_path / "sky", name) for name in ("twomass", "t.fits", "t.fits[1]", "t.toml", "x")] == [
        False,
        True,
        True,
        False,
        False,
    ]


def test_bands_under_other_names_are_not_left_out(tmp_path):
    (tmp_path / "t.csv").write_text("source_id,ra,dec,Jmag,Kmag\n1,10,20,9.5,9.0\n")
    with pytest.raises(UserError, match="column Jmag looks like j_m, and would be left out; say --rename Jmag=j_m"):
        ingest(load_survey("wide"), [tmp_path / "t.csv"], tmp_path / "out.parquet")
    done = ingest(
        load_survey("wide"), [tmp_path / "t.csv"], tmp_path / "out.parquet", renames={"Jmag": "j_m", "Kmag": "ks_m"}
    )
    assert (done.left_out, done.unknown_photometry) == ([], [])


def test_unknown_photometry_of_a_wide_table(tmp_path):
    (tmp_path / "t.csv").write_text("source_id,ra,dec,Vmag\n1,10,20,9.5\n")
    with pytest.raises(UserError, match="none of its photometry is known: Vmag"):
        ingest(load_survey("wide"), [tmp_path / "t.csv"], tmp_path / "out.parquet")
    (tmp_path / "t.csv").write_text("source_id,ra,dec,Vmag,j_m\n1,10,20,9.5,9\n")
    assert ingest(load_survey("wide"), [tmp_path / "t.csv"], tmp_path / "out.parquet").unknown_photometry == ["Vmag"]
