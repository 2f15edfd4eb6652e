from pathlib import Path

import duckdb
import pytest
from candlesql.catalogs.mock import TABLES, make_sky, tracks
from candlesql.catalogs.mock import sky as sky_module
from candlesql.catalogs.mock.sky import Sky

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


@pytest.fixture(scope="session")
def sky_files(tmp_path_factory) -> dict[str, Path]:
    return make_sky(tmp_path_factory.mktemp("sky"), stars=120_000, seed=7, threads=2)


@pytest.fixture(scope="session")
def sky(sky_files):
    connection = duckdb.connect()
    for name in TABLES:
        connection.execute(f"create view {name} as from '{sky_files[name]}'")
    yield connection
    connection.close()


@pytest.fixture(scope="session")
def emulated() -> tracks.TrackGrid:
    return tracks.emulated_tracks()


@pytest.fixture(scope="session")
def seeded(emulated) -> Sky:
    """A sky whose tracks are those of `emulated`, made once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sky_module, "emulated_tracks", lambda: emulated)
        return Sky(seed=7)


@pytest.fixture(scope="session")
def true_stars(seeded):
    """True stars, without noise."""
    return seeded.stars(chunk=0)


@pytest.fixture
def real_data():
    """Path of a real table; the test is skipped where it is missing."""

    def path(name: str) -> Path:
        if not (DATA / name).exists():
            pytest.skip(f"{DATA / name} is not here")
        return DATA / name

    return path
