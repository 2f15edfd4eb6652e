"""Small workspaces, and the command as a user runs it."""

import shutil
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"


class Done(NamedTuple):
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def real_data():
    """Path of a real table; the test is skipped where it is missing."""

    def path(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f"{DATA / name} is not here")
        return DATA / name

    return path


@pytest.fixture
def candlesql(monkeypatch, capfd):
    """Run the real command in this process: `candlesql("sql", sky, "select 1")`."""
    from candlesql.cli import main

    def run(*arguments) -> Done:
        monkeypatch.setattr(sys, "argv", ["candlesql", *(str(argument) for argument in arguments)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main()
        return Done(int(stop.value.code or 0), *capfd.readouterr())

    return run


def write_csv(path: Path, rows: list[dict]) -> Path:
    """Rows as CSV; None is an empty field."""
    lines = [",".join(rows[0])]
    lines += [",".join("" if value is None else str(value) for value in row.values()) for row in rows]
    path.write_text("\n".join(lines) + "\n")
    return path


def gaia_row(source_id: int, ra: float, dec: float, **others) -> dict:
    """A row with every column that `gaia_dr2` requires."""
    row = {"source_id": source_id, "ra": ra, "dec": dec, "parallax": 1.5, "parallax_error": 0.05}
    return row | {"phot_g_mean_mag": 13.25} | others


#: Stars 1 and 2 have a 2MASS neighbour each, 0.36 arcsec north; star 3 has none; star 4 has two.
GAIA = [
    gaia_row(4295806720, 10.0, 0.0),
    gaia_row(34361129088, 150.0, 45.0),
    gaia_row(38655544960, 359.9999, -30.0),
    gaia_row(6917528443525529728, 200.0, -89.5),
]
TWOMASS = [
    {"designation": "00400000+0000003", "ra": 10.0, "dec": 0.0001, "j_date": 2451545.0, "j_m": 10.5},
    {"designation": "10000000+4500003", "ra": 150.0, "dec": 45.0001, "j_date": 2451545.0, "j_m": 11.5},
    {"designation": "13200000-8929596", "ra": 200.0, "dec": -89.4999, "j_date": 2451545.0, "j_m": None},
    {"designation": "13200000-8930007", "ra": 200.0, "dec": -89.5002, "j_date": 2451545.0, "j_m": 12.5},
]


@pytest.fixture(scope="session")
def write_rows():
    """`write_rows(path, rows)` writes dictionaries as CSV."""
    return write_csv


@pytest.fixture(scope="session")
def gaia_rows() -> list[dict]:
    return [dict(row) for row in GAIA]


@pytest.fixture
def database():
    """A database in memory with every macro, which tests share; what a test makes in it is undone."""
    from candlesql.tests.sql.tables import shared_database

    connection = shared_database().begin()
    try:
        yield connection
    finally:
        connection.rollback()


@pytest.fixture(scope="session")
def empty_sky(tmp_path_factory) -> Path:
    """A workspace without catalogs; to be copied."""
    from candlesql.sql.open import make_sky

    return make_sky(tmp_path_factory.mktemp("empty") / "sky").root


@pytest.fixture(scope="session")
def new_sky(empty_sky):
    """`new_sky(folder, {survey: file}, own)` makes a workspace quickly; `own` are survey files of its own."""
    from candlesql.catalogs.prepare import ingest
    from candlesql.catalogs.survey import load_survey
    from candlesql.sql.open import open_sky
    from candlesql.workspace.folder import find_sky

    def make(folder: Path, catalogs: dict[str, Path], own: tuple[Path, ...] = ()) -> Path:
        sky = find_sky(shutil.copytree(empty_sky, folder))
        for file in own:
            shutil.copy(file, sky.surveys)
        for name, file in catalogs.items():
            ingest(load_survey(name, sky.surveys), [file], sky.catalog(name))
        open_sky(sky.root).close()
        return sky.root

    return make


@pytest.fixture(scope="session")
def tiny_files(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("files")
    return {name: write_csv(folder / f"{name}.csv", rows) for name, rows in (("gaia_dr2", GAIA), ("twomass", TWOMASS))}


@pytest.fixture(scope="session")
def tiny_sky(empty_sky, tiny_files, tmp_path_factory) -> Path:
    """Four Gaia stars and four 2MASS sources, matched at 1 arcsec; to be read, or to refuse a change."""
    from candlesql.commands.ingest import ingest_survey
    from candlesql.commands.match import match_surveys

    sky = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("tiny") / "sky"))
    for name, file in tiny_files.items():
        ingest_survey(sky, name, [file], {}, {})
    match_surveys(sky, "gaia_dr2", "twomass", 1.0, "best")
    return sky


@pytest.fixture
def own_sky(tiny_sky, tmp_path) -> Path:
    """A copy of the tiny workspace, to be changed."""
    return Path(shutil.copytree(tiny_sky, tmp_path / "sky"))


@pytest.fixture(scope="session")
def mock_sky(empty_sky, tmp_path_factory) -> Path:
    """What `candlesql demo` makes of 4,000 mock stars, with a red clump catalogue in it; to be read."""
    from candlesql.commands.demo import run_demo

    sky = Path(shutil.copytree(empty_sky, tmp_path_factory.mktemp("mock") / "sky"))
    list(run_demo(sky, 4000, 3))
    return sky


def pytest_collection_modifyitems(items) -> None:
    """Files with the longest tests first, so that no core waits for another at the end."""
    items.sort(key=lambda item: not {"training", "scale", "test_package.py"} & set(item.path.parts))


def pytest_terminal_summary(terminalreporter) -> None:
    """How many tests were skipped because the real data are not beside the checkout."""
    absent = [
        report
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple) and str(DATA.parent) in report.longrepr[2]
    ]
    if absent:
        terminalreporter.write_line(
            f"{len(absent)} tests of real data were skipped: {DATA} is not all here", yellow=True
        )


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A server of the files in `store.folder`, by HTTP and as S3, which fails as it is told; nothing waits."""
    from candlesql.catalogs import web
    from candlesql.catalogs.remote import ranges
    from candlesql.tests.store import serve

    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(ranges, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setattr(web, "PAUSES", (0.0, 0.0))
    folder = tmp_path / "store"
    (folder / "bucket").mkdir(parents=True)
    server, stop = serve(folder)
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ACCESS_KEY_ID": "AKIAWHOSEKEYTHISIS",
        "AWS_SECRET_ACCESS_KEY": "verysecretkey",
        "AWS_REGION": "us-east-1",
        "AWS_CONFIG_FILE": str(tmp_path / "no_config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "no_credentials"),
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    stop()
