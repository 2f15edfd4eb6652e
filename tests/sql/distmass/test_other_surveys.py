"""Labels of other surveys, masses and ages from other tables, and clusters of the user's own, in one workspace."""

import shutil
from pathlib import Path

import duckdb
import numpy as np
import pytest
from candlesql.catalogs.mock.clusters import CLUSTERS, absolute_k, write_mock_clusters
from candlesql.catalogs.prepare import ingest
from candlesql.catalogs.survey import load_survey
from candlesql.commands.run import run_command
from candlesql.sql.open import open_sky
from candlesql.workspace.folder import find_sky

#: A giant of the red clump, a metal-poor giant, a dwarf, a giant without N, as GALAH or LAMOST may give them.
OTHERS = """star_id,ra,dec,teff,logg,m_h,c_fe,n_fe,k
other_1,200.0,30.0,4800,2.45,0.0,-0.05,0.20,10.1
other_2,200.0,30.0,4800,2.00,-2.2,-0.30,0.50,10.1
other_3,200.0,30.0,5800,4.40,0.0,0.0,0.0,10.1
other_4,200.0,30.0,4800,2.45,0.0,-0.05,,10.1
"""
#: Four red clump giants that are known by their APOGEE name, and a dwarf.
NAMED = "star_id,apogee_id,ra,dec,teff,logg,m_h,c_fe,n_fe,k\n" + "".join(
    f"named_{i},2M{i},200,30,{'5800,4.4' if i == 4 else '4800,2.45'},0,-0.05,0.2,10.1\n" for i in range(5)
)
MASS_COLUMNS = "2MASS_ID,mass_apokasc2,mass_apokasc2_err,mass_subgiant,mass_subgiant_err,mass_isochrone\n"
APOKASC = MASS_COLUMNS + "2M0,1.2,0.05,,,\n2M1,1.3,0.26,,,\n"
SUPPLEMENTS = MASS_COLUMNS + "2M2,,,1.4,0.1,\n2M3,,,,,0.9\n2M1,,,,,1.1\n"
AGES = "apogee_id,age_lowess_correct\n2M0,4.0\n2M4,5.0\n"


@pytest.fixture(scope="module")
def others_sky(empty_sky, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("others")
    sky = find_sky(shutil.copytree(empty_sky, folder / "sky"))
    texts = {"others": OTHERS, "named": NAMED, "apokasc": APOKASC, "supplements": SUPPLEMENTS, "ages": AGES}
    files = {name: folder / f"{name}.csv" for name in texts}
    for name, text in texts.items():
        files[name].write_text(text)
    clusters, members = write_mock_clusters(folder / "mock", seed=1)
    files["all"] = _together([files["others"], files["named"], members], folder / "all.csv")
    for survey, tables in {
        "cn_labels": [files["all"]],
        "mass_labels": [files["apokasc"], files["supplements"]],
        "astronn_ages": [files["ages"]],
        "clusters": [clusters],
    }.items():
        ingest(load_survey(survey), tables, sky.catalog(survey))
    list(run_command(sky.root, "distmass", {}))
    return sky.root


def _together(tables: list[Path], path: Path) -> Path:
    """One table of several with different columns."""
    with duckdb.connect() as connection:
        rows = " union all by name ".join(f"select * from read_csv('{table}', all_varchar = true)" for table in tables)
        connection.execute(f"copy ({rows}) to '{path}' (header)")
    return path


@pytest.fixture(scope="module")
def others(others_sky):
    with open_sky(others_sky) as connection:
        yield connection


def test_the_networks_judge_other_surveys_inside_the_training_space_only(others):
    found = others.execute(
        """select "STAR_ID", "MASS_APOKASC2" is null, "MASS_APOKASC3" is null, "MASS_ERR" is null,
                  "AGE_APOKASC2" is null, "DISTANCE" is null, "BITMASK" & 2, "EXTINCTION_METHOD"
           from distmass.catalogue where "STAR_ID" like 'other%' order by 1"""
    ).fetchall()
    spaces = others.execute(
        """select distmass.in_training_space(teff, logg, m_h, c_fe, n_fe) from staging.cn_labels
           where star_id like 'other%' order by star_id"""
    ).fetchall()
    funnel = dict(others.execute("select cut, n_alone from distmass.funnel").fetchall())
    assert found == [
        ("other_1", False, False, False, False, False, 0, "none"),
        ("other_2", True, True, True, True, True, 2, "none"),
        ("other_3", True, True, True, True, True, 2, "none"),
    ]
    assert spaces == [(True,), (False,), (False,), (None,)]
    assert funnel["[C/Fe] or [N/Fe] missing"] == 1


def test_the_plain_shell_has_the_same_training_space(others_sky, tmp_path):
    """The SQL forms of the networks, without Python's functions."""
    shutil.copy(others_sky / "sky.duckdb", tmp_path / "plain.duckdb")
    with duckdb.connect(tmp_path / "plain.duckdb", read_only=True) as connection:
        (found,) = connection.execute(
            """select distmass.mass(4800, 2.45, 0.0, -0.05, 0.2), distmass.mass(4800, 2.0, -2.2, -0.3, 0.5),
                      distmass.mass_apokasc3(5800, 4.4, 0.0, 0.0, 0.0), distmass.absolute_k(5800, 4.4, 0.0, 0.0, 0.0)"""
        ).fetchall()
    assert 0.8 < found[0] < 2
    assert found[1:] == (None, None, None)


def test_masses_of_other_tables_become_labels(others):
    """An APOKASC mass, one with an error of 20 % beside a dwarf's, a subgiant's with its error, a dwarf's without."""
    found = others.execute(
        """select columns('mass_.*')::double from distmass.training
           where star_id like 'named%' order by star_id limit 4"""
    ).fetchnumpy()
    nan = np.nan
    wanted = {
        "mass_apokasc2_label": [1.2, nan, nan, nan],
        "mass_apokasc3_label": [nan, nan, nan, nan],
        "mass_subgiant_label": [nan, nan, 1.4, nan],
        "mass_isochrone_label": [nan, 1.1, nan, 0.9],
        "mass_apokasc2_supplemented": [1.2, 1.1, 1.4, 0.9],
        "mass_apokasc3_supplemented": [nan, 1.1, 1.4, 0.9],
    }
    assert set(found) == set(wanted)
    for name, values in wanted.items():
        assert np.ma.filled(found[name], nan) == pytest.approx(values, nan_ok=True), name


def test_bits_say_where_a_mass_comes_from(others):
    found = others.execute(
        """select "BITMASK" & (8 + 16 + 32) from distmass.catalogue where "STAR_ID" like 'named%' order by "STAR_ID" """
    ).fetchall()
    assert found == [(8,), (16,), (32,), (16,), (0,)]


def test_tables_of_labels_say_how_many_rows_name_a_spectrum(others):
    """Two and three masses of named stars, two ages, eight clusters that each have members."""
    assert sorted(others.execute("from distmass.label_tables").fetchall()) == [
        ("astronn_ages", 2, 2),
        ("clusters", 8, 8),
        ("mass_labels", 5, 5),
    ]


@pytest.mark.heavy
def test_simulated_clusters_come_out_at_their_distances(others):
    """Open clusters to 12 %; globular ones are outside the training space, and say so."""
    found = others.execute(
        """select cluster, cluster_distance_kpc, cluster_log_age, n, n_distances, fractional_error, log_age
           from distmass.clusters order by cluster"""
    ).fetchall()
    globular = others.execute(
        """select distinct "BITMASK" & 2, "DISTANCE", "MASS_APOKASC2" from distmass.cluster_stars
           where cluster like 'mock_globular%'"""
    ).fetchall()
    ((n_clusters, bias, scatter),) = others.execute(
        "select n_clusters, median_error, error_scatter from distmass.cluster_summary where method = 'ensemble'"
    ).fetchall()
    assert {row[0]: row[1:4] for row in found} == {c.cluster: (c.distance_kpc, c.log_age, c.n) for c in CLUSTERS}
    opened = [row for row in found if "open" in row[0]]
    assert all(row[4] > 40 and abs(row[5]) < 0.12 and abs(row[6] - row[2]) < 0.3 for row in opened)
    assert globular == [(2, None, None)]
    assert n_clusters == 6
    assert bias == pytest.approx(np.median([row[5] for row in opened]), abs=0.005)
    assert scatter == pytest.approx(np.std([row[5] for row in opened], ddof=1), rel=0.05)


def test_a_simulated_star_of_one_sun():
    # M_bol = 4.74; bolometric correction 1.9614 - 0.6958 * 0.972 = 1.28508
    assert absolute_k(1.0, 5772.0, 4.438, 0.0) == pytest.approx(4.74 - 1.28508, abs=1e-4)


def test_published_ages_beside_ours(others):
    """The dwarf has no age of ours, and is left out."""
    found = others.execute(
        """select reference, spectrum_id, log_age_published, log_age_apokasc2, log_age_difference
           from distmass.age_comparison"""
    ).fetchall()
    assert [row[:2] for row in found] == [("astroNN", "cn_labels:named_0")]
    assert found[0][2] == pytest.approx(9.60206)
    assert found[0][3] - 9.60206 == pytest.approx(found[0][4], abs=1e-5)
