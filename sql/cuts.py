"""Thresholds in the place of the published ones of `cuts.sql`."""

from __future__ import annotations

import difflib
from decimal import Decimal, InvalidOperation

import duckdb

from ..errors import UnknownName, UserError
from ..workspace.query import quoted
from . import files

BOOLEANS = ("true", "false")
#: Of the value of a cut: DuckDB's decimals have 38 digits.
LARGEST_EXPONENT = 30
#: Cuts with such names are shares or probabilities.
SHARES = ("_prior", "_share", "_probability", "_p_rc")


def apply_stored_cuts(connection: duckdb.DuckDBPyConnection) -> None:
    """Replace the thresholds that the workspace has others for."""
    published = files.cuts()
    for name, value in connection.execute("select name, value from candlesql.cuts").fetchall():
        if name in published:
            replace_cut(connection, name, str(value))


def replace_cut(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> bool:
    """Put a value in the place of a published threshold; returns whether it differs from that.

    Raises
    ------
    UserError
        If no cut has this name, or the value is not of its kind (a number, or quoted letters).
    """
    literal = cut_literal(name, value)
    cut = files.cuts()[name]
    differs = literal != _literal(name, cut.value, cut.value)
    note = f"[{cut.unit}] {cut.source}" + (f"; published value {cut.value}" if differs else "")
    connection.execute(files.cut_macro(name, literal if differs else cut.value))
    connection.execute(f"comment on macro cuts.{name} is {quoted(note)}")
    return differs


def cut_literal(name: str, value: str) -> str:
    """A value of a threshold as SQL: quoted text where the published one is text, else a bare decimal.

    Raises
    ------
    UserError
        If no cut has this name, or the value is not of its kind or no share where it must be one.
    """
    published = files.cuts()
    if name not in published:
        near = difflib.get_close_matches(name, published, n=3, cutoff=0.3)
        hint = f"nearest: {', '.join(near) or 'see sql/cuts.sql'}"
        raise UnknownName(f"--cut {name}: there is no such cut", value=name, nearest=near, hint=hint)
    return _literal(name, value, published[name].value)


def _literal(name: str, value: str, published: str) -> str:
    if published.startswith("'"):
        if len(value) > 1000:
            raise UserError(f"--cut {name}: {len(value):,} letters are no value; the published one is {published}")
        return quoted(value.strip("'"))
    if published in BOOLEANS:
        if value.lower() not in BOOLEANS:
            raise UserError(f"--cut {name}={value:.80}: {value!r:.80} is neither true nor false")
        return value.lower()
    try:
        number = Decimal(value)
    except InvalidOperation:
        number = Decimal("nan")
    if not number.is_finite() or abs(number.adjusted()) > LARGEST_EXPONENT or len(number.as_tuple().digits) > 30:
        raise UserError(f"--cut {name}={value:.80}: {value!r:.80} is not a number; the published value is {published}")
    if name.endswith(SHARES) and not 0 <= number <= 1:
        raise UserError(f"--cut {name}={value:.80}: a share lies between 0 and 1; the published value is {published}")
    return f"{number.normalize():f}"
