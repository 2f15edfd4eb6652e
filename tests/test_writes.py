"""No command writes outside the workspace, candlesql's cache and the file that is named."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from candlesql.cli import COMMANDS

SERVER = Path(__file__).parent / "soak" / "command.py"
#: By command, what it is given; {sky} is a workspace, {in} the folder of its input, {out} that of named output.
CHEAP = {
    "ingest": "{sky} twomass {in}/twomass.csv",
    "fetch": "{sky} gaia_dr2 --cone 10,10,1 --url http://127.0.0.1:9/tap",
    "region": "{sky} mine {in}/moc.json",
    "match": "{sky} gaia_dr2 twomass --statistics",
    "score": "{sky} red_clump",
    "sql": "{sky} from%20red_clump.scored --format fits",
    "shell": "{sky}",
    "export": "{sky} red_clump.catalogue {out}/out.hats",
    "join": "{sky} {in}/gaia_dr2.csv {out}/out.vot --on source_id --view staging.gaia_dr2",
    "map": "{sky} red_clump.catalogue {out}/map.png",
    "models": "{sky}",
    "cuts": "{sky} max_ruwe",
    "info": "{sky} --bug",
    "cite": "{sky}",
    "spectra": "{sky} {in}/none.fits",
    "nmsu": "{sky}",
    "reddening": "{sky} --out {out}/reddening.parquet",
    "synphot": "{in}/spectrum.txt",
}
DEAR = {
    "demo": "{out}/demo --stars 2000",
    "run": "{sky} red_clump --cut max_ruwe=1.2",
    "report": "{sky} --output {out}/report",
    "mock_apogee": "{out}/apogee --stars 1000",
    "mock_clusters": "{out}/clusters",
}
#: `explore` writes nothing and never ends; what `train` writes is looked at in tests/training.
LEFT_OUT = {"explore", "train"}


def test_every_command_is_looked_at():
    assert {command.__name__ for command in COMMANDS} == CHEAP.keys() | DEAR.keys() | LEFT_OUT


@pytest.fixture
def places(mock_sky, tiny_files, tmp_path) -> dict[str, Path]:
    found = {name: tmp_path / name for name in ("in", "out", "home", "tmp", "cwd", "sky")}
    for name, folder in found.items():
        if name != "sky":
            folder.mkdir()
    shutil.copytree(mock_sky, found["sky"])
    for file in tiny_files.values():
        shutil.copy(file, found["in"])
    (found["in"] / "moc.json").write_text('{"5": [1, 2]}')
    (found["in"] / "spectrum.txt").write_text("".join(f"{x} 1e-14\n" for x in range(3000, 60000, 100)))
    return found


def written(places: dict[str, Path]) -> dict[str, int]:
    """Every file where a command has nothing to write, with its time."""
    roots = [places[name] for name in ("in", "home", "tmp", "cwd")]
    return {str(path): path.stat().st_mtime_ns for root in roots for path in root.rglob("*")}


@pytest.mark.heavy
@pytest.mark.parametrize("table", [CHEAP, DEAR])
def test_no_command_writes_elsewhere(table, places):
    home, cache = str(places["home"]), os.environ.get("CANDLESQL_CACHE", str(places["out"] / "cache"))
    own = {name: home for name in ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")}
    own |= {"TMPDIR": str(places["tmp"]), "CANDLESQL_CACHE": cache, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    environment = {name: value for name, value in os.environ.items() if name != "MPLCONFIGDIR"} | own
    server = subprocess.Popen(
        [sys.executable, str(SERVER), "--serve"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=places["cwd"],
    )
    assert server.stdin
    assert server.stdout
    said = places["out"] / "said"
    before = written(places)
    try:
        for command, text in table.items():
            arguments = [part.replace("%20", " ").format(**places) for part in text.split()]
            told = {"arguments": [command.replace("_", "-"), *arguments], "said": str(said)}
            server.stdin.write(json.dumps(told) + "\n")
            server.stdin.flush()
            ended = json.loads(server.stdout.readline())
            assert ended["code"] in (0, 2), (command, said.read_text())
            assert written(places) == before, command
    finally:
        server.communicate()
