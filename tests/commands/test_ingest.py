"""What `ingest` and `propose` write down and put where, with all that reads replaced."""

from __future__ import annotations

import contextlib
from pathlib import Path
from types import SimpleNamespace

import pytest
from candlesql import UserError
from candlesql.catalogs.proposal import Proposal
from candlesql.catalogs.remote.address import Address
from candlesql.commands import ingest, propose
from candlesql.workspace.change import changing, place
from candlesql.workspace.folder import Sky

DONE = SimpleNamespace(rows=7, from_afar={"https://x/y": "tag"})


@pytest.fixture
def sky(tmp_path):
    made = Sky(tmp_path / "sky")
    for folder in (made.catalogs, made.surveys):
        folder.mkdir(parents=True)
    return made


@pytest.fixture
def calls(sky, monkeypatch, tmp_path) -> list[tuple]:
    """What is asked of those that read, place and record."""
    found: list[tuple] = []

    @contextlib.contextmanager
    def prepared(survey, files, target, renames, units, run=None):
        found.append(("prepared", survey.name, files, target, renames, units))
        yield tmp_path / "made", DONE

    monkeypatch.setattr(ingest, "prepared", prepared)
    monkeypatch.setattr(ingest, "new_or_existing", lambda path: contextlib.nullcontext(sky))
    monkeypatch.setattr(ingest, "writing", lambda path: contextlib.nullcontext("connection"))
    monkeypatch.setattr(ingest, "refresh", lambda *given: found.append(("refresh",)))
    monkeypatch.setattr(ingest, "place", lambda _, made, target: found.append(("place", made, target)))
    monkeypatch.setattr(ingest, "record", lambda *given: found.append(("record", *given)))
    monkeypatch.setattr(ingest, "catalog_files", list)
    return found


def test_a_shipped_survey(sky, calls, tmp_path):
    files = [tmp_path / "a.csv", tmp_path / "b.csv"]
    for file in files:
        file.write_text("x")
    assert ingest.ingest_survey(sky.root, "twomass", files, {"a": "b"}, {"j_m": "mmag"}) is DONE
    prepared, put, refreshed, record = calls
    assert prepared == ("prepared", "twomass", files, sky.catalog("twomass"), {"a": "b"}, {"j_m": "mmag"})
    assert put == ("place", tmp_path / "made", sky.catalog("twomass"))
    assert refreshed == ("refresh",)
    assert record[1:6] == ("connection", "staging.twomass", "ingest twomass a.csv b.csv", files, {})
    assert record[6] == 7
    assert 0 <= record[7] < 100
    assert record[8:] == ([sky.catalog("twomass")], DONE.from_afar)
    with pytest.raises(UserError, match="ingest twomass: say which file"):
        ingest.ingest_survey(sky.root, "twomass", [], {}, {})


def own_survey(file: Path) -> Path:
    file.write_text('title = "t"\ncitation = "c"\nid = "id"\n[columns.id]\ntype = "BIGINT"\n')
    return file


def test_a_survey_of_ones_own_becomes_part_of_the_workspace_once(sky, calls, tmp_path):
    file = own_survey(tmp_path / "mine.toml")
    rows = tmp_path / "a.csv"
    rows.write_text("x")
    ingest.ingest_survey(sky.root, str(file), [rows], {}, {})
    copy = sky.surveys / ".mine.toml.tmp"
    assert calls[2] == ("place", copy, sky.surveys / "mine.toml")
    assert copy.read_text() == file.read_text()
    calls.clear()
    ingest.ingest_survey(sky.root, str(own_survey(sky.surveys / "mine.toml")), [rows], {}, {})
    assert [call[0] for call in calls] == ["prepared", "place", "refresh", "record"]
    assert calls[1][2] == sky.catalog("mine")


@pytest.mark.parametrize(
    ("inputs", "afar", "known"), [(["a"], None, ["a"]), ([], {"x": "y"}, []), ([], None, None), ([], {}, None)]
)
def test_what_a_catalog_was_made_from(sky, calls, inputs, afar, known):
    """A catalog of this program's own making was made from itself."""
    made = [sky.catalog("own")]
    ingest.record_catalog("connection", sky, SimpleNamespace(name="own"), "said", inputs, DONE, 1.5, afar)
    assert calls == [
        ("record", "connection", "staging.own", "said", made if known is None else known, {}, 7, 1.5, made, afar)
    ]


def test_a_file_of_its_own_making(sky, calls, tmp_path):
    assert ingest.put_in(sky, SimpleNamespace(name="own"), tmp_path / "file") is DONE
    assert calls == [
        ("prepared", "own", [tmp_path / "file"], sky.catalog("own"), {}, {}),
        ("place", tmp_path / "made", sky.catalog("own")),
    ]


# --- in place


@pytest.fixture
def in_place(sky, monkeypatch):
    """Names a catalog in place; what was placed, taken away and remembered."""
    found: list[tuple] = []

    def placed(_, made, target):
        found.append(("place", made.name, target.name))
        made.replace(target)

    monkeypatch.setattr(ingest, "new_or_existing", contextlib.nullcontext)
    monkeypatch.setattr(ingest, "writing", contextlib.nullcontext)
    monkeypatch.setattr(ingest, "place", placed)
    monkeypatch.setattr(ingest, "take_away", lambda _, path: found.append(("take away", path.name)))
    monkeypatch.setattr(ingest, "remember", lambda word: found.append(("remember", word)))
    monkeypatch.setattr(ingest, "word_for", lambda name, found: f"{name} {found}")
    monkeypatch.setattr(ingest, "refuse_kept", lambda found: None)
    monkeypatch.setattr(ingest, "RemoteCatalog", lambda objects, address: f"remote {address}")
    monkeypatch.setattr(ingest, "fields_in_place", lambda survey, catalog: found.append(("looked", catalog)))
    monkeypatch.setattr(ingest.hats, "is_catalog", lambda path: path.suffix == ".hats")
    return lambda *places: (ingest.name_in_place(sky.root, "twomass", places), found)


def test_a_folder_is_linked(in_place, sky, tmp_path):
    folder = tmp_path / "a.hats"
    folder.mkdir()
    target, found = in_place(folder)
    assert target == sky.catalogs / "twomass.hats"
    assert target.is_symlink()
    assert target.resolve() == folder.resolve()
    assert found == [
        ("looked", folder), ("take away", "twomass.url"), ("place", ".twomass.hats.tmp", "twomass.hats"),
    ]  # fmt: skip
    other = tmp_path / "b.hats"
    other.mkdir()
    assert in_place(other)[0].resolve() == other.resolve(), "the link is another"
    assert not list(folder.iterdir())


def test_the_link_from_before_comes_back_where_the_change_fails(in_place, sky, monkeypatch, tmp_path):
    @contextlib.contextmanager
    def failing(path):
        with changing(sky, tmp_path / "aside", whole=False):
            yield
            raise RuntimeError

    folders = [tmp_path / "a.hats", tmp_path / "b.hats"]
    for folder in folders:
        folder.mkdir()
    target, _ = in_place(folders[0])
    monkeypatch.setattr(ingest, "place", place)
    assert in_place(folders[1])[0].resolve() == folders[1].resolve()
    monkeypatch.setattr(ingest, "writing", failing)
    with pytest.raises(RuntimeError):
        in_place(folders[0])
    assert target.resolve() == folders[1].resolve()


def test_an_address_is_remembered(in_place, sky):
    address = Address("https://x.org/cat")
    target, found = in_place(address)
    assert (target, target.read_text()) == (sky.catalogs / "twomass.url", f"{address}\n")
    assert found == [
        ("looked", f"remote {address}"), ("remember", f"twomass {address}"), ("take away", "twomass.hats"),
        ("place", ".twomass.url.tmp", "twomass.url"),
    ]  # fmt: skip


def test_what_cannot_be_read_in_place(in_place, sky, tmp_path):
    for places in ((), (tmp_path / "a.hats", tmp_path / "b.hats"), (tmp_path / "a.csv",)):
        with pytest.raises(UserError, match="ingest twomass --in-place: say one HATS catalog, a folder or an address"):
            in_place(*places)
    sky.catalog("twomass").touch()
    with pytest.raises(UserError, match="is there, and goes before what is read in place; take it away first"):
        in_place(tmp_path / "a.hats")


# --- proposals


@pytest.fixture
def proposed(monkeypatch, tmp_path):
    """The lines of a proposal for `mine.csv`, with what was found in it replaced."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(propose, "as_parquet", lambda *given: contextlib.nullcontext("theirs"))
    monkeypatch.setattr(propose, "read_survey", lambda *given: None)
    monkeypatch.setattr(propose, "catalog_files", list)

    def run(name: str = "mine.csv", **given) -> list[str]:
        found = Proposal(**({"text": "text\n", "known": {}} | given))
        monkeypatch.setattr(propose, "propose", lambda *_: found)
        lines: list[str] = []
        try:
            lines += propose.propose_survey(Path("sky"), [Path(name)])
        except UserError as error:
            lines.append(str(error))
        return lines

    return run


def test_a_proposal_line_by_line(proposed, tmp_path):
    lines = proposed(known={"ra": "ra", "j_m": "Jmag"}, survey="twomass", units={"Jmag": "mmag", "r": "deg"})
    next_ = "candlesql ingest sky mine.toml mine.csv --unit Jmag=mmag --unit r=deg"
    assert lines == [
        "mine.toml: proposed for mine.csv; look at it, change what is wrong, then",
        f"  {next_}",
        "  ra",
        "  Jmag is j_m",
        "It looks like the survey twomass: candlesql ingest sky twomass mine.csv",
    ]
    assert (tmp_path / "mine.toml").read_text().splitlines() == [
        "# Proposed for mine.csv by names, UCDs and units of its columns. Look at it, change what is wrong, then",
        f"#   {next_}",
        'title = "Rows of mine.csv"',
        'citation = "the user\'s own"',
        "text",
    ]
    assert "mine.toml: is there already; ingest with it (candlesql ingest SKY mine.toml mine.csv)" in proposed()[0]


@pytest.mark.parametrize(("n", "said"), [(12, "k, l; no view"), (13, "k, l …; no view")])
def test_unknown_photometry_is_told_of_twelve_columns(proposed, n, said):
    names = list("abcdefghijklm")[:n]
    *_, last = proposed(unknown=names)
    assert f"photometry of no known band ({n}): a, b, c, d, e, f, g, h, i, j, {said}" in last


@pytest.mark.parametrize(
    ("name", "target"),
    [("my table-1.csv.gz", "my_table_1"), ("2mass.csv", "my_2mass"), ("gaia_dr2.fits", "my_gaia_dr2"),
     ("é.csv", "mine"), ("_a_.csv", "a"), ("t.fits[2]", "t")],
)  # fmt: skip
def test_names_of_proposals(proposed, tmp_path, name, target):
    assert propose._target(Path(name), tmp_path) == Path(f"{target}.toml")
    assert propose._target(Address(f"https://x.org/{name.removesuffix('[2]')}"), tmp_path) == Path(f"{target}.toml")


def test_a_file_that_is_not_there_is_no_survey(proposed, tmp_path):
    assert propose.is_table(tmp_path, "https://x.org/a.parquet")
    with pytest.raises(UserError, match="no such file"):
        propose.is_table(tmp_path, "none.FITS")
    assert not propose.is_table(tmp_path, "none")
    assert not propose.is_table(tmp_path, "none.toml")
