"""A cut that is moved gives what a run with that cut gives, and no network runs for it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.commands.run import run_command
from candlesql.commands.score import score_command
from candlesql.sql import files
from candlesql.sql.systems import system_steps

#: Cuts that the networks' rows do not rest on, or whose outcomes the scores hold.
MOVED = {
    "max_ruwe": "1.12", "excess_factor_high": "1.22", "max_g_error_ratio": "0.00012", "tier1_min_delta_p": "240",
    "lucey_max_logg": "3.3",
}  # fmt: skip
CATALOGUE = "from red_clump.catalogue order by survey, source_id"
TIERS = "from red_clump.tiers order by all"
FUNNEL = "from red_clump.funnel"
#: In the place of the network of the density.
DENSITY = "create or replace macro red_clump_density_net(g, j, ks, w1, w2, p) as {'log_density': g - 13}"
SCORED = (
    "source_id, uses_parallax, uses_g, uses_bp_rp, ruwe, g_error_ratio, phot_bp_rp_excess_factor, bp_rp, "
    "passes_twomass, passes_allwise, has_panstarrs1, inside_hull, phot_g_mean_mag, j_m, ks_m, w1mpro, w2mpro, parallax"
)
KEPT = ("phot_bp_mean_mag", "phot_rp_mean_mag", *(f"{band}_mean_psf_mag" for band in "grizy"))


def scored(stars: str) -> dict[str, str]:
    """Rows of red_clump.scored without magnitudes that only the networks read."""
    nulls = ", ".join(f"null::real as {name}" for name in KEPT)
    return {"red_clump.scored": f"select *, {nulls} from (values {stars}) as scored({SCORED})"}


def rows(sky: Path, query: str, variables: dict[str, str] | None = None) -> list[tuple]:
    with open_sky(sky) as connection:
        for name, value in (variables or {}).items():
            connection.execute(f"set variable {name} = {value}")
        return connection.execute(query).fetchall()


def files_of(sky: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in (sky / "scores" / "red_clump").iterdir()}


def scored_with(sky: Path, folder: Path, cuts: dict[str, str]) -> Path:
    """A copy of a workspace, whose networks have run with these cuts."""
    from candlesql.commands.steps.cuts import apply_cuts
    from candlesql.sql.open import writing

    shutil.copytree(sky, folder)
    with writing(folder) as connection:
        apply_cuts(connection, cuts)
    score_command(folder, "red_clump")
    return folder


@pytest.fixture(scope="module")
def moved_sky(mock_sky, tmp_path_factory):
    """The mock sky with moved cuts, and what its scores were before and after."""
    sky = Path(shutil.copytree(mock_sky, tmp_path_factory.mktemp("moved") / "sky"))
    before = files_of(sky)
    lines = list(run_command(sky, "red_clump", MOVED))
    assert files_of(sky) == before
    assert not any(line.startswith("red_clump.scores: ") for line in lines)
    return sky


def test_scores_keep_what_the_networks_read(moved_sky):
    with open_sky(moved_sky) as connection:
        kept = ", ".join(row[0] for row in connection.execute("describe red_clump.kept_inputs").fetchall())
        for view, joined in (("kept_inputs", "inputs"), ("labelled", "training")):
            sides = [f"select {kept} from red_clump.{name}" for name in (view, joined)]
            for one, other in (sides, sides[::-1]):
                assert not connection.execute(f"({one}) except ({other})").fetchall()
            assert connection.execute(f"select count(distinct source_id) from ({sides[0]})").fetchall()[0][0] > 100


def test_moved_cuts_give_what_scoring_with_them_gives(moved_sky, mock_sky, tmp_path):
    again = scored_with(mock_sky, tmp_path / "again", MOVED)
    assert rows(again, CATALOGUE) == rows(moved_sky, CATALOGUE) != rows(mock_sky, CATALOGUE)
    assert rows(again, TIERS) == rows(moved_sky, TIERS) != rows(mock_sky, TIERS)


def test_a_session_value_gives_what_a_run_gives(moved_sky, mock_sky):
    for query in (CATALOGUE, TIERS, FUNNEL, "from red_clump.final_contamination"):
        assert rows(mock_sky, query, MOVED) == rows(moved_sky, query)


def test_a_parallax_that_fails_the_moved_cut_is_not_used(moved_sky):
    wanted = "select source_id from staging.gaia_dr2 where not coalesce(ruwe < 1.12, false) order by 1"
    found = "select source_id from red_clump.scores where not contains(bands, 'parallax') order by 1"
    assert rows(moved_sky, found) == rows(moved_sky, wanted) != []


def test_with_the_cuts_of_the_paper_only_stars_that_pass_all_are_left(mock_sky):
    moved = {"lucey_quality_cuts": "true", "max_ruwe": "1.2"}
    (last,) = rows(mock_sky, "select n_left from red_clump.funnel offset 5", moved)
    assert rows(mock_sky, "select count(*) from red_clump.scores", moved) == [last]
    assert 0 < last[0] < 4000


UNSCORED = "select count(*) from red_clump.unscored"


def test_cuts_beyond_the_tightest_are_told(mock_sky):
    (lost,) = rows(mock_sky, "select count(*) from staging.gaia_dr2 where ruwe >= 1.0 and ruwe < 1.1")[0]
    assert rows(mock_sky, UNSCORED) == [(0,)]
    assert rows(mock_sky, UNSCORED, {"max_ruwe": "1.0"}) == [(lost,)]


@pytest.mark.heavy
def test_cuts_beyond_the_tightest_are_scored_again(mock_sky, tmp_path):
    sky = Path(shutil.copytree(mock_sky, tmp_path / "sky"))
    lines = list(run_command(sky, "red_clump", {"max_ruwe": "1.0"}))
    assert "red_clump.scores: 4,000 rows" in lines
    assert rows(sky, UNSCORED) == [(0,)]


def test_scores_rest_on_what_changes_the_inputs_and_not_on_tiers():
    cuts = system_steps("red_clump").scoring_cuts
    assert {"twomass_quality", "gaia_dr2_parallax_zero_point", "tightest_ruwe"} <= cuts
    assert not cuts & {"max_ruwe", "max_g_error_ratio", "excess_factor_low", "tier1_min_delta_p", "lucey_quality_cuts"}
    assert files.cuts_of("red_clump.tier") >= {"tier1_min_delta_p", "tier2_min_p_rc"}


@pytest.mark.parametrize(
    ("judged", "sure", "known", "outcomes"),
    [
        ("false", "true", "true", [None]),
        ("true", "true", "true", [True]),
        ("true", "false", "true", [True, False]),
        ("true", "null", "false", [False]),
    ],
)
def test_outcomes_of_a_cut(database, judged, sure, known, outcomes):
    assert database.execute(f"select quality.outcomes({judged}, {sure}, {known})").fetchone() == (outcomes,)


def test_scores_are_the_rows_of_the_outcome_in_force(view, database):
    database.execute(DENSITY)
    rest = "true, 13, 11, 10.5, 10, 10, 0.5"
    stars = f"""
        (1, true, true, true, 1.2, 0.00001, 1.2, 1.0, true, true, true, {rest}),
        (1, false, true, true, 1.2, 0.00001, 1.2, 1.0, true, true, true, {rest}),
        (2, true, false, true, 1.0, 0.0003, 1.2, 1.0, true, true, true, {rest}),
        (2, true, true, true, 1.0, 0.0003, 1.2, 1.0, true, true, true, {rest}),
        (3, null, null, null, null, null, null, 1.0, null, null, null, {rest}),
        (4, true, true, false, 1.0, 0.00001, 1.5, 1.0, true, true, true, {rest}),
        (4, true, true, true, 1.0, 0.00001, 1.5, 1.0, true, true, true, {rest})"""
    query = "select source_id from red_clump.scores order by 1"
    assert [row["source_id"] for row in view("red_clump.scores", query, **scored(stars))] == [1, 2, 3, 4]
    database.execute("set variable lucey_quality_cuts = true")
    assert [row["source_id"] for row in view("red_clump.scores", query, **scored(stars))] == [1, 3]


def test_validity_by_density(view, database):
    """Without the cut the hull's word holds; with it ln density of the training stars, here G less 13, from 0 on."""
    passed = "true, true, true, 1.2, 0.00001, 1.2, 1.0, true, true, true"
    stars = ", ".join(
        f"({star}, {passed}, {inside}, {g}, 11, 10.5, 10, 10, 0.5)"
        for star, inside, g in ((1, "true", 12.9), (2, "false", 13.0), (3, "null", 14.0), (4, "true", "null"))
    )
    database.execute(DENSITY)
    query = "select inside_hull from red_clump.scores order by source_id"
    inside = [row["inside_hull"] for row in view("red_clump.scores", query, **scored(stars))]
    assert inside == [True, False, None, True]
    database.execute("set variable validity_by_density = true")
    inside = [row["inside_hull"] for row in view("red_clump.scores", query, **scored(stars))]
    assert inside == [False, True, True, None]


def test_what_each_rule_of_validity_costs(view):
    """Of stars that both can judge, 1 to 4: the hull refuses 2 and 3, low density 3 and 4."""
    given = {
        "red_clump.training_density(survey, source_id, inside_hull, log_density)": """
            ('s', 1, true, 0.0), ('s', 2, false, 3.0), ('s', 3, false, -0.1), ('s', 4, true, -2.0), ('s', 5, null, -9),
            ('s', 6, false, null)""",
        "red_clump.labels(survey, source_id, is_rc)": "('s', 2, true), ('s', 3, false), ('s', 1, true), ('s', 5, true)",
        "red_clump.truth(survey, source_id, phase)": "('s', 1, 3), ('s', 2, 3), ('s', 3, 2), ('s', 4, 3), ('t', 3, 3)",
    }
    assert [tuple(row.values()) for row in view("red_clump.validity", **given)] == [
        ("hull", 4, 2, 2, 3, 0.5, pytest.approx(1 / 3)),
        ("density", 4, 2, 2, 3, 0.0, pytest.approx(1 / 3)),
    ]
