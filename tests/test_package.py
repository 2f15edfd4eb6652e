"""The wheel holds everything that is needed and works where PyTorch is not installed."""

import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT = SETTINGS["project"]
#: Patterns of the data files in the package, from the root of the repository.
DATA = [
    f"{package.removeprefix('candlesql').replace('.', '/').removeprefix('/') or '.'}/{pattern}"
    for package, patterns in SETTINGS["tool"]["setuptools"]["package-data"].items()
    for pattern in patterns
]
NOT_PACKAGED = {"tests", "benchmarks", "docs", "packaging", "build", "dist"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(".*", "build", "sky", "*.egg-info"))
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--outdir", folder], cwd=source, check=True)
    return next(folder.glob("*.whl"))


def test_every_folder_with_code_is_a_listed_package():
    listed = SETTINGS["tool"]["setuptools"]["packages"]
    there = {
        ".".join(("candlesql", *path.relative_to(ROOT).parts[:-1]))
        for path in ROOT.rglob("__init__.py")
        if not NOT_PACKAGED & set(path.relative_to(ROOT).parts) and not path.relative_to(ROOT).parts[0].startswith(".")
    }
    assert set(listed) == there


def test_the_version_is_said_in_one_way():
    version = PROJECT["version"]
    assert re.search(r"^version: (.*)", (ROOT / "CITATION.cff").read_text(), re.MULTILINE)[1] == version
    assert f"\n## {version}\n" in (ROOT / "CHANGELOG.md").read_text()


def test_the_conda_recipe_asks_for_what_the_project_asks_for():
    recipe = (ROOT / "packaging/conda/meta.yaml").read_text().split("  run:")[1].split("test:")[0]
    asked = dict(re.findall(r"- ([\w-]+) >=([\d.]+)", recipe))
    wanted = dict(re.split(">=", entry.replace("_", "-")) for entry in PROJECT["dependencies"])
    wanted["python-duckdb"] = wanted.pop("duckdb")
    assert asked == wanted | {"python": PROJECT["requires-python"].removeprefix(">=")}


def test_the_notice_tells_of_every_file_that_is_no_text_of_ours():
    notice = (ROOT / "NOTICE.md").read_text()
    kinds = {".onnx", ".npz", ".parquet", ".js", ".css", ".woff2", ".wasm"}
    shipped = [path for entry in DATA for path in ROOT.glob(entry) if path.suffix in kinds]
    assert len(shipped) > 10
    assert [path.name for path in shipped if path.name not in notice] == []


def test_wheel_holds_the_data_files_and_nothing_from_the_root(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    wanted = [path for pattern in ("*.sql", "*.toml", "*.onnx") for path in ROOT.rglob(pattern)]
    for path in wanted:
        parts = path.relative_to(ROOT).parts
        if len(parts) > 1 and not parts[0].startswith(".") and not NOT_PACKAGED & set(parts):
            assert "candlesql/" + "/".join(parts) in names
    at_root = {name for name in names if name.startswith("candlesql/") and name.count("/") == 1}
    assert at_root == {
        "candlesql/__init__.py",
        "candlesql/cli.py",
        "candlesql/errors.py",
        "candlesql/py.typed",
    }


@pytest.mark.heavy
def test_the_source_distribution_makes_the_same_wheel(wheel, tmp_path):
    """`python -m build` makes the wheel of the source distribution, which holds tests and documents too."""
    source = wheel.parent / "source"
    subprocess.run([sys.executable, "-m", "build", "--outdir", tmp_path, source], check=True)
    made = next(tmp_path.glob("*.whl"))
    assert zipfile.ZipFile(made).namelist() == zipfile.ZipFile(wheel).namelist()
    with tarfile.open(next(tmp_path.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"CITATION.cff", "NOTICE.md", "constraints.txt", "docs/index.md", "tests/test_package.py"} <= names


@pytest.mark.heavy
def test_installs_and_runs_a_network_without_torch(wheel, tmp_path):
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env/bin/python"
    subprocess.run(
        [python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel],
        check=True,
        capture_output=True,
    )
    assert subprocess.run([python, "-c", "import torch"], capture_output=True).returncode == 1
    command = tmp_path / "env/bin/candlesql"
    made = subprocess.run([command, "demo", "sky", "--stars", "3000"], cwd=tmp_path, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    query = "select photometry.absolute_ks(4800, 2.4, 0.0) as m_ks"
    asked = subprocess.run(
        [command, "sql", "sky", query, "--format", "csv"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    m_ks = float(asked.stdout.split("\n")[1])
    assert -2.2 < m_ks < -1.2, "a red clump star is near M_Ks = -1.6 (Hawkins et al. 2017)"
