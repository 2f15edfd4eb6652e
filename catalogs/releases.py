"""Tells a file of one release of a survey from a file of another, since their columns go by the same names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

import duckdb

from ..errors import RefusedFile
from .readers import Source
from .remote.address import Address
from .survey import Release, Survey, load_survey, survey_files

#: How many rows of a file are looked at.
FIRST_ROWS = 1000


def check_release(connection: duckdb.DuckDBPyConnection, survey: Survey, source: Source) -> bool:
    """Refuse a file whose columns, or whose first rows, are those of another release than the survey's.

    Designations are known by their words in whatever column they stand; beside a sign of the survey's own release those
    in a column of another name are taken for cross-identifications.

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
    values = _first_values(connection, source, family.values())
    others = {name: release for name, release in family.items() if release.name != own.name}
    for name, release in others.items():
        _refuse(next(_signs(release, own, source, values), ""), name, release, own, source)
    for column, known in (own.prefix | own.value).items():
        odd = next((value for value in values.get(column, ()) if not _is_one_of(value, known)), None)
        if odd is not None and column != "solution_id":
            raise RefusedFile(
                f"{column} is {odd!r}, which no file of {own.name} has",
                file=source.path,
                column=column,
                hint=f"releases with a survey file: {', '.join(family)}",
            )
    elsewhere = {column for release in others.values() for column in release.columns}
    is_shown = any(name.lower() in set(own.columns) - elsewhere for name in source.columns)
    if is_shown or any(_named_signs(own, values)) or any(_designations(own, values)):
        return True
    for name, release in others.items():
        _refuse(next(_designations(release, values), ""), name, release, own, source)
    return False


def _refuse(told: str, name: str, release: Release, own: Release, source: Source) -> None:
    if told:
        raise RefusedFile(
            f"is of {release.name} ({told}), not of {own.name}",
            file=source.path,
            column=told.split()[0],
            hint=f"ingest it as {name}",
        )


@cache
def _releases() -> dict[str, Release]:
    surveys = {name: load_survey(name) for name in survey_files()}
    return {name: survey.release for name, survey in surveys.items() if survey.release}


def _first_values(
    connection: duckdb.DuckDBPyConnection, source: Source, family: Iterable[Release]
) -> dict[str, list[object]]:
    """The different values that the first rows have in the columns that may tell, and in every column of text."""
    known = [
        release.prefix | release.value | {name: [] for names in release.aka.values() for name in names}
        for release in family
    ]
    named = {column for columns in known for column in columns}
    try:
        texts = _texts(connection, source)
        there = [name for name in source.columns if name.lower() in named or name in texts]
        if not there:
            return {}
        fields = ", ".join(source.columns[name].sql for name in there)
        rows = connection.execute(f"select {fields} from {source.relation(there)} limit {FIRST_ROWS}").fetchall()
    except duckdb.Error:  # a damaged file, of which reading it whole says what is wrong
        return {}
    columns = zip(*rows, strict=True) if rows else ([] for _ in there)
    return {
        name.lower(): [value for value in dict.fromkeys(map(_plain, column)) if value not in (None, "")]
        for name, column in zip(there, columns, strict=True)
    }


def _texts(connection: duckdb.DuckDBPyConnection, source: Source) -> set[str]:
    """The columns of text, by what the file says of their types; of one from afar none, which would all be fetched."""
    if isinstance(source.path, Address):
        return set()
    names = list(source.columns)
    fields = ", ".join(f"{source.columns[name].sql} as c{n}" for n, name in enumerate(names))
    described = connection.execute(f"describe select {fields} from {source.relation(names)}").fetchall()
    return {name for name, (_, kind, *_) in zip(names, described, strict=True) if kind == "VARCHAR"}


def _plain(value: object) -> object:
    return value if isinstance(value, (str, int, float)) else str(value) if value is not None else None


def _signs(release: Release, own: Release, source: Source, values: dict[str, list[object]]) -> Iterator[str]:
    """What speaks for this release, and not for the own one."""
    yield from _named_signs(release, values)
    names = {name.lower() for name in source.columns}
    for column in release.columns:
        if column in names and column not in own.columns:
            yield f"{column} is a column of it"


def _named_signs(release: Release, values: dict[str, list[object]]) -> Iterator[str]:
    """What columns hold that are called so."""
    for column, known in (release.prefix | release.value).items():
        for name in (column, *release.aka.get(column, ())):
            for value in values.get(name, ()):
                if _is_one_of(value, known):
                    yield f"{name} is {value!r}"


def _designations(release: Release, values: dict[str, list[object]]) -> Iterator[str]:
    """Designations of the release in columns of any name."""
    prefixes = tuple(prefix for known in release.prefix.values() for prefix in known)
    for column, found in values.items():
        for value in found:
            if isinstance(value, str) and value.startswith(prefixes):
                yield f"{column} is {value!r}"


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
