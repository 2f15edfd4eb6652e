"""What `fetch` asks an archive for, and where it keeps what came, without any archive."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.catalogs import archive
from candlesql.catalogs.survey import load_survey
from candlesql.commands import fetch

QUERY = "select * from t where 1 = contains(point('ICRS', g.ra, g.dec), c)"
TWOMASS = load_survey("twomass")


@pytest.fixture
def sky(tmp_path):
    return SimpleNamespace(root=tmp_path / "sky", surveys=tmp_path / "none")


@pytest.fixture
def asked(monkeypatch):
    """The queries asked; those with fewer bounds than `bounds_needed` take the archive too long."""
    queries: list[str] = []

    def answered(sky, survey, address, query, sent):
        queries.append(query)
        if query.count(" and g.dec ") < answered.bounds_needed:
            raise archive.TimedOut("too long")
        return Path(query.removeprefix(QUERY))

    answered.bounds_needed = 0
    monkeypatch.setattr(fetch, "_answered", answered)
    return queries


def in_parts(sky, bounds_needed, folders):
    fetch._answered.bounds_needed = bounds_needed
    return [str(file) for file in fetch._in_parts(sky, TWOMASS, "url", QUERY, (-1.0, 3.0), folders)]


BANDS = [
    " and g.dec < 0.0",
    " and g.dec >= 0.0 and g.dec < 1.0",
    " and g.dec >= 1.0 and g.dec < 2.0",
    " and g.dec >= 2.0",
]


def test_a_cone_is_asked_for_as_a_whole_first(sky, asked):
    folders: set[Path] = set()
    assert in_parts(sky, 0, folders) == ["."]
    assert asked == [QUERY]
    assert [folder.parent for folder in folders] == [sky.root / ".fetch"]


def test_four_bands_of_declination_open_at_both_ends(sky, asked):
    folders: set[Path] = set()
    assert in_parts(sky, 1, folders) == BANDS
    assert asked == [QUERY, *(QUERY + band for band in BANDS)]
    assert len(folders) == 5
    asked.clear()
    assert in_parts(sky, 1, folders) == BANDS
    assert asked == [QUERY + band for band in BANDS], "the whole took too long before"


def test_a_band_that_takes_too_long_is_cut_in_four_too(sky, asked):
    """The first and the last of four have one bound, and are cut once more: into four of 0.25 deg."""
    found = in_parts(sky, 2, set())
    assert len(found) == 10
    assert found[:5] == [
        " and g.dec < 0.0 and g.dec < -0.75",
        " and g.dec < 0.0 and g.dec >= -0.75 and g.dec < -0.5",
        " and g.dec < 0.0 and g.dec >= -0.5 and g.dec < -0.25",
        " and g.dec < 0.0 and g.dec >= -0.25",
        BANDS[1],
    ]


def test_three_cuts_are_the_most(sky, asked):
    with pytest.raises(archive.TimedOut):
        in_parts(sky, 99, set())
    assert [query.count(" and g.dec ") for query in asked] == [0, 1, 2, 3]


# --- one question


@pytest.fixture
def answers(monkeypatch) -> list[tuple]:
    """An archive that answers all; what it was asked."""
    given: list[tuple] = []

    def answer(address, query, tables, work):
        given.append((address, query, tables))
        (work / "answer.vot").write_text("rows")
        return work / "answer.vot"

    monkeypatch.setattr(fetch, "answer", answer)
    return given


def test_an_answer_that_has_come_is_not_asked_for_again(sky, answers):
    result = fetch._answered(sky, TWOMASS, "url", "select 1", {})
    assert (result.name, result.read_text(), answers) == ("twomass.vot", "rows", [("url", "select 1", {})])
    assert not result.with_name("answer.vot").exists()
    assert fetch._answered(sky, TWOMASS, "url", "select 1", {}) == result
    assert len(answers) == 1
    assert fetch._answered(sky, TWOMASS, "another", "select 1", {}) != result
    assert len(answers) == 2


def test_tables_that_are_sent_are_votables_and_part_of_the_question(sky, answers, monkeypatch, tmp_path):
    mine = tmp_path / "mine.csv"
    mine.write_text("star,x\n7,0.5\n")
    result = fetch._answered(sky, TWOMASS, "url", "select 1", {"t": mine})
    ((_, _, tables),) = answers
    assert tables == {"t": result.with_name("t.vot")}
    assert '<FIELD name="star"' in tables["t"].read_text(errors="replace")
    assert sorted(path.name for path in result.parent.iterdir()) == ["t.vot", "twomass.vot"]
    mine.write_text("star,x\n8,0.5\n")
    monkeypatch.setattr(fetch, "_as_votable", lambda file, target: target)
    assert fetch._answered(sky, TWOMASS, "url", "select 1", {"t": mine}) != result


def test_what_a_cone_asks_for(sky, monkeypatch):
    """Of 20 -10 with radius 2: declinations -12 to -8, of the archive that is known, or of another."""
    seen = []
    monkeypatch.setattr(archive, "has_data", lambda file: file != "empty")
    monkeypatch.setattr(fetch, "_in_parts", lambda *given: seen.append(given) or seen[0][-1].add("folder") or files)
    files = ["empty", "a", "empty", "b"]
    assert fetch._asked(sky, TWOMASS, "20,-10,2", None, None, {}) == (["a", "b"], {"folder"})
    _, survey, address, query, band, _ = seen[0]
    assert (survey, band) == (TWOMASS, (-12.0, -8.0))
    assert address == "https://gea.esac.esa.int/tap-server/tap"
    assert "circle('ICRS', 20.0, -10.0, 2.0)" in query
    files = ["empty", "empty"]
    assert fetch._asked(sky, TWOMASS, "20,-10,2", None, "mine", {})[0] == ["empty"], "it has the columns"
    assert seen[1][2] == "mine"


def test_what_a_query_of_ones_own_asks_for(sky, monkeypatch, tmp_path):
    file, seen = tmp_path / "q.adql", []
    file.write_text("select 1\n")
    monkeypatch.setattr(fetch, "_answered", lambda *given: seen.append(given) or tmp_path / "work" / "a.vot")
    assert fetch._asked(sky, TWOMASS, None, file, None, {"t": "mine.csv"}) == (
        [tmp_path / "work" / "a.vot"], {tmp_path / "work"},
    )  # fmt: skip
    assert seen[0][2:] == ("https://gea.esac.esa.int/tap-server/tap", "select 1", {"t": Path("mine.csv")})
    unknown = SimpleNamespace(name="mine")
    fetch._asked(sky, unknown, None, file, "url", {})
    assert seen[1][2] == "url"
    with pytest.raises(UserError, match=r"knows no archive of mine, only of gaia_dr3, .*; say --url and --adql"):
        fetch._asked(sky, unknown, None, file, None, {})


# --- all of it


@dataclass(frozen=True)
class Done:
    taken_as_told: list[str]


@pytest.fixture
def folder(monkeypatch, tmp_path):
    """That of a question, in a workspace that is there."""
    made = tmp_path / ".fetch" / "work"
    made.mkdir(parents=True)
    monkeypatch.setattr(fetch, "new_or_existing", lambda path: contextlib.nullcontext(SimpleNamespace(root=path)))
    return made


def test_nothing_is_left_of_a_question_that_is_ingested(folder, monkeypatch, tmp_path):
    seen = []
    monkeypatch.setattr(fetch, "_asked", lambda *given: seen.append(given) or (["a.vot"], {folder}))
    monkeypatch.setattr(fetch, "ingest_survey", lambda *given: seen.append(given) or Done(["gaia_dr2"]))
    done = fetch.fetch_survey(tmp_path, "twomass", "1,2,3", None, "url")
    assert done == Done([])
    assert not folder.parent.exists()
    assert seen[0][1:] == (TWOMASS, "1,2,3", None, "url", {})
    assert seen[1] == (tmp_path, "twomass", ["a.vot"], {}, {})


def test_questions_that_are_still_open_stay(folder, monkeypatch, tmp_path):
    other = tmp_path / ".fetch" / "other"
    other.mkdir()
    monkeypatch.setattr(fetch, "fetch_cone", lambda *given: asked.append(given) or ["a.parquet"])
    monkeypatch.setattr(fetch, "_work", lambda *given: folder)
    monkeypatch.setattr(fetch, "ingest_survey", lambda *_: Done([]))
    asked: list[tuple] = []
    fetch.fetch_survey(tmp_path, "twomass", "1,2,3", None, None, hats="catalog.hats")
    ((hats, survey, ra, dec, radius, work, separation),) = asked
    assert (hats, survey, ra, dec, radius, work) == ("catalog.hats", TWOMASS, 1.0, 2.0, 3.0, folder)
    assert separation.startswith("create or replace macro sphere.separation_arcsec(")
    assert other.is_dir()
    assert not folder.exists()
