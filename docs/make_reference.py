"""Writes `docs/reference/`: every view, macro, cut, function, survey, model and Python name."""

from __future__ import annotations

import inspect
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import candlesql
import duckdb
from candlesql import api
from candlesql.catalogs.survey import SHIPPED, load_survey, survey_files
from candlesql.sql import files, views
from candlesql.sql.open import make_sky
from candlesql.udfs.functions import models_of
from candlesql.udfs.model_files import spectral_files
from candlesql.udfs.spectral import load_spectral
from candlesql.workspace.folder import Sky

TARGET = Path(__file__).parent / "reference"
NOWHERE = Path(os.devnull)
#: What the pages that are not a schema's hold.
PAGES = {
    "cuts": "every threshold, its published value, unit and source",
    "functions": "the functions that model files make",
    "surveys": "every survey's columns, units and epoch",
    "models": "inputs, outputs, training and metrics of every model file",
    "python": "every public Python name",
}


def pages() -> dict[str, str]:
    """The text of every page by its file's name."""
    items = [item for item in files.items() if not item.name.startswith("cuts.")]
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(make_sky(folder).database, read_only=True) as connection,
    ):
        stored = _Stored(connection)
    schemas = sorted({item.name.split(".")[0] for item in items} | {name.split(".")[0] for name in stored.views})
    written = {schema: _schema_page(schema, items, stored) for schema in schemas}
    written |= {
        "cuts": _cuts_page(),
        "functions": _functions_page(stored, {item.name for item in items}),
        "surveys": _surveys_page(),
        "models": _models_page(),
        "python": _python_page(),
    }
    return {f"{name}.md": text for name, text in {"index": _index(written), **written}.items()}


class _Stored:
    """What a new workspace's database says of itself: views, columns and functions with their comments."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        mine = "not internal and database_name = current_database()"
        said = connection.execute(
            f"""select schema_name || '.' || view_name, coalesce(comment, '')
                from duckdb_views() where {mine} order by 1"""
        ).fetchall()
        self.views = dict(said)
        columns = connection.execute(
            f"""select schema_name || '.' || table_name, column_name, data_type, coalesce(comment, '')
                from duckdb_columns() where {mine} order by 1, column_index"""
        ).fetchall()
        self.columns: dict[str, list[tuple[str, str, str]]] = {}
        for view, *column in columns:
            self.columns.setdefault(view, []).append(tuple(column))
        self.functions = connection.execute(
            f"""select schema_name || '.' || function_name, parameters, coalesce(comment, '')
                from duckdb_functions() where {mine} and function_type in ('macro', 'table_macro') order by 1, 2"""
        ).fetchall()


def undocumented() -> list[str]:
    """Views, columns and functions that say nothing of themselves, and macros that do not name an argument."""
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(make_sky(folder).database, read_only=True) as connection,
    ):
        stored = _Stored(connection)
    bare = [name for name, note in stored.views.items() if not note]
    bare += [f"{view}.{c}" for view in stored.views for c, _, note in stored.columns[view] if not note]
    bare += [name for name, _, note in stored.functions if not note.startswith("[")]
    for item in files.items():
        parameters = next(p for name, p, _ in stored.functions if name == item.name) if item.is_macro else []
        bare += [f"{item.name}({p})" for p in parameters if p not in _words(item.header)]
    return bare + [name for name in _public() if not inspect.getdoc(getattr(candlesql, name))]


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() or c == "_" else " " for c in text).split())


def _schema_page(schema: str, items: list[files.Item], stored: _Stored) -> str:
    mine = {item.name: item for item in items if item.name.startswith(f"{schema}.")}
    known = stored.views.keys()
    readers = {name: sorted(i.name for i in items if i.name in known and name in i.needs) for name in known}
    lines = [f"# {schema}", ""]
    surveys = {f"staging.{name}" for name in survey_files(Sky(NOWHERE).surveys)}
    for name in sorted(view for view in known - surveys if view.startswith(f"{schema}.")):
        item = mine.get(name)
        lines += [f"## {name}", "", stored.views[name], ""]
        if item:
            reads = sorted(item.needs & known)
            lines += [f"File: `{_inside(item.path)}`. Reads: {', '.join(map(_link, reads)) or 'no view'}.", ""]
        elif name in views.products():
            lines += [f"Files of the workspace: `{views.products()[name]['files']}`.", ""]
        if readers[name]:
            lines += [f"Read by: {', '.join(map(_link, readers[name]))}.", ""]
        lines += _table(("column", "type", "unit", "what it is"), _column_rows(stored.columns[name]))
    macros = [mine[name] for name in sorted(mine) if mine[name].is_macro]
    if macros:
        lines += ["## Macros", ""]
    parameters = {name: given for name, given, _ in stored.functions}
    for item in macros:
        lines += [f"### {item.name}({', '.join(parameters[item.name])})", "", _sentence(item.header), ""]
        lines += [f"File: `{_inside(item.path)}`.", ""]
    return _page(lines)


def _column_rows(columns: list[tuple[str, str, str]]) -> Iterator[tuple[str, ...]]:
    for name, type_, note in columns:
        yield (f"`{name}`", type_.lower(), *_unit_and_text(note))


def _unit_and_text(note: str) -> tuple[str, str]:
    """`[K] Effective temperature` in its two parts; a column without a unit says none."""
    unit, bracket, text = note.removeprefix("[").partition("] ") if note.startswith("[") else ("", "", "")
    return (unit, text) if bracket else ("", note)


def _sentence(note: str) -> str:
    unit, text = _unit_and_text(note)
    return f"**[{unit}]** {text}"


def _cuts_page() -> str:
    rows = [(f"`cuts.{cut.name}()`", cut.value, cut.unit, cut.source) for cut in files.cuts().values()]
    lead = "`--cut NAME=VALUE` of `train` and `run` replaces one in a workspace. File: `sql/cuts.sql`."
    return _page(["# Cuts", "", lead, "", *_table(("cut", "value", "unit", "source"), rows)])


def _functions_page(stored: _Stored, written: set[str]) -> str:
    lines = ["# Functions that model files make", "", "A Python connection runs them with ONNX Runtime.", ""]
    for name, parameters, note in stored.functions:
        if name in written or name.startswith("cuts."):
            continue
        said = _sentence(note.split(" (network ")[0])
        lines += [f"## {name.removeprefix('main.')}({', '.join(parameters)})", "", said, ""]
    return _page(lines)


def _surveys_page() -> str:
    lines = ["# Surveys", ""]
    for name in sorted(survey_files(Sky(NOWHERE).surveys)):
        survey = load_survey(name, NOWHERE)
        epoch = " ".join(map(str, survey.epoch)) if isinstance(survey.epoch, tuple) else survey.epoch
        lines += [f"## {name}", "", f"{survey.title}. {survey.citation}.", ""]
        lines += [f"Identifier `{survey.id}`; epoch {epoch if survey.has_position else 'none: no positions'}.", ""]
        lines += [f"File: `{_inside(SHIPPED / f'{name}.toml')}`.", ""]
        rows = [(f"`{c.name}`", c.type.lower(), c.unit, c.description) for c in survey.columns.values()]
        lines += _table(("column", "type", "unit", "what it is"), rows)
    return _page(lines)


def _models_page() -> str:
    found: list[Any] = [*models_of(NOWHERE), *(load_spectral(path) for path in spectral_files(NOWHERE).values())]
    lines = ["# Models", ""]
    for model in sorted(found, key=lambda model: model.name):
        said = model.metadata
        lines += [f"## {model.name}", "", f"File: `{_inside(model.path)}`; SHA-256 `{model.sha256[:16]}`.", ""]
        lines += [f"{said['citation']}. Trained on {said.get('n_train', 'rows not counted')}.", ""]
        for kind in ("inputs", "outputs"):
            rows = [(f"`{f['name']}`", f["unit"]) for f in json.loads(said[kind])]
            lines += _table((kind.removesuffix("s"), "unit"), rows)
        others = {k: v for k, v in said.items() if k in ("training", "training_sha256", "domain", "metrics", "note")}
        lines += _table(("about", "value"), [(key, _flat(value)) for key, value in others.items()])
    return _page(lines)


def _flat(text: str) -> str:
    """JSON as `a.b = 1, a.c = 2`; other text as it is."""
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        return text
    return ", ".join(_leaves("", value)) or "none"


def _leaves(path: str, value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, part in value.items():
            yield from _leaves(f"{path}.{key}" if path else str(key), part)
    else:
        yield f"{path} = {value}" if path else str(value)


def _public() -> list[str]:
    return sorted(candlesql.__all__, key=str.lower)


def _python_page() -> str:
    lines = ["# Python", "", "`import candlesql` has these names.", ""]
    for name in _public():
        thing = vars(api).get(name) or getattr(candlesql, name)
        shown = f"{name}{inspect.signature(thing)}" if isinstance(thing, FunctionType) else f"class {name}"
        lines += [f"## candlesql.{name}", "", "```text", shown, "", inspect.getdoc(thing) or "", "```", ""]
    return _page(lines)


def _index(written: dict[str, str]) -> str:
    schemas = sorted(written.keys() - PAGES.keys())
    lines = ["# Reference", "", "Made from the files by `python docs/make_reference.py`.", "", "Schemas:", ""]
    for schema in schemas:
        n_views = written[schema].count("\n## ") - ("\n## Macros" in written[schema])
        n_macros = written[schema].count("\n### ")
        lines.append(f"- [{schema}]({schema}.md): {n_views} views, {n_macros} macros")
    lines += ["", "And beside them:", "", *(f"- [{name}]({name}.md): {what}" for name, what in PAGES.items())]
    return _page([*lines, "", "The other views `staging.<survey>` have the columns of the [surveys](surveys.md)."])


def _link(view: str) -> str:
    """A link to the heading of a view, as GitHub names it."""
    schema, _, name = view.partition(".")
    is_survey = schema == "staging" and name in survey_files(Sky(NOWHERE).surveys)
    return f"[{view}]({f'surveys.md#{name}' if is_survey else f'{schema}.md#{schema}{name}'})"


def _inside(path: Path) -> str:
    """A file's path in the repository."""
    return path.relative_to(Path(candlesql.__file__).parent).as_posix()


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    cells = [head, ("---",) * len(head), *rows]
    return [*("| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in cells), ""]


def _page(lines: list[str]) -> str:
    return "\n".join(lines).rstrip() + "\n"


def stale() -> list[str]:
    """Pages that are not what the files say."""
    written = {path.name: path.read_text(encoding="utf-8") for path in TARGET.glob("*.md")}
    made = pages()
    return sorted(name for name in written.keys() | made.keys() if written.get(name) != made.get(name))


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        wrong = [f"{name} is not documented" for name in undocumented()] + [f"{p} is stale" for p in stale()]
        sys.exit("\n".join(wrong) or None)
    TARGET.mkdir(exist_ok=True)
    for old in TARGET.glob("*.md"):
        old.unlink()
    for name, text in pages().items():
        (TARGET / name).write_text(text, encoding="utf-8")
