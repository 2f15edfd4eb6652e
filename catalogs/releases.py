"""Tells a file of one release of a survey from a file of another, since their columns go by the same names."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import duckdb

from ..errors import RefusedFile
from ..workspace.query import first_row
from .readers import Source
from .survey import Release, Survey, load_survey, survey_files


def check_release(connection: duckdb.DuckDBPyConnection, survey: Survey, source: Source) -> bool:
    """Refuse a file whose columns, or whose first row, are those of another release than the survey's.

    Returns
    -------
    Whether the file shows its release; one that shows none is taken as told.

    Raises
    ------
    RefusedFile
        With the column that tells, and the release that it is of where that is known.
    """
    own = survey.release
    if own is None:
        return True
    family = {name: release for name, release in _releases().items() if release.family == own.family}
    values = _first_values(connection, source, {column for r in family.values() for column in (*r.prefix, *r.value)})
    for name, release in family.items():
        told = "" if release.name == own.name else next(_signs(release, own, source, values), "")
        if told:
            raise RefusedFile(
                f"is of {release.name} ({told}), not of {own.name}",
                file=source.path,
                column=told.split()[0],
                hint=f"ingest it as {name}",
            )
    for column, known in (own.prefix | own.value).items():
        if column in values and column != "solution_id" and not _is_one_of(values[column], known):
            raise RefusedFile(
                f"{column} is {values[column]!r}, which no file of {own.name} has",
                file=source.path,
                column=column,
                hint=f"releases with a survey file: {', '.join(family)}",
            )
    others = {column for release in family.values() if release.name != own.name for column in release.columns}
    proper = set(own.columns) - others
    return any(c in values for c in own.prefix | own.value) or any(name.lower() in proper for name in source.columns)


@cache
def _releases() -> dict[str, Release]:
    surveys = {name: load_survey(name) for name in survey_files()}
    return {name: survey.release for name, survey in surveys.items() if survey.release}


def _first_values(connection: duckdb.DuckDBPyConnection, source: Source, wanted: set[str]) -> dict[str, object]:
    """What the first row has in these columns, as far as they are there and filled."""
    there = [name for name in source.columns if name.lower() in wanted]
    if not there:
        return {}
    fields = ", ".join(source.columns[name].sql for name in there)
    row = first_row(connection, f"select {fields} from {source.relation(there)} limit 1")
    return {name.lower(): value for name, value in zip(there, row, strict=False) if value not in (None, "")}


def _signs(release: Release, own: Release, source: Source, values: dict[str, object]) -> Iterator[str]:
    """What speaks for this release, and not for the own one."""
    for column, known in (release.prefix | release.value).items():
        if column in values and _is_one_of(values[column], known):
            yield f"{column} is {values[column]!r}"
    names = {name.lower() for name in source.columns}
    for column in release.columns:
        if column in names and column not in own.columns:
            yield f"{column} is a column of it"


def _is_one_of(value: object, known: list) -> bool:
    """Whether a text begins with one of these, or a number is one of them, be it written as text or not."""
    for each in known:
        if isinstance(each, str):
            if str(value).startswith(each):
                return True
        else:
            try:
                if float(str(value)) == float(each):
                    return True
            except ValueError:
                return False
    return False
