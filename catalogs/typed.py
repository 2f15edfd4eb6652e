"""Whether what a file of TOML says is of the types that a dataclass wants."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints


def listed(name: str, entry: object) -> tuple[Any, ...]:
    """A list as a tuple; a text is none, though Python would take it for its letters.

    Raises
    ------
    TypeError
        If it is something else.
    """
    if not isinstance(entry, list):
        raise TypeError(f"{name} is {entry!r:.80}, where a list is wanted")
    return tuple(entry)


def refuse_other_types(made: Any) -> None:
    """Look at every field of a dataclass, and of those within it.

    Raises
    ------
    TypeError
        If one is of another type than its annotation says.
    """
    kind: Any = type(made)
    for field in fields(made):
        value, wanted = getattr(made, field.name), _hints(kind)[field.name]
        if not _is(value, wanted):
            name = f"{made.name}: {field.name}" if hasattr(made, "name") else field.name
            raise TypeError(f"{name} is {value!r:.80}, where {_in_words(wanted)} is wanted")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _in_words(wanted: Any) -> str:
    words = {str: "a text", bool: "true or false", float: "a number", int: "a whole number", tuple: "a list"}
    kind = get_origin(wanted) or wanted
    if kind in (Union, UnionType):
        return " or ".join(_in_words(part) for part in get_args(wanted) if part is not NoneType)
    return words.get(kind, "a table" if kind is dict else "another kind of value")


def _is(value: Any, wanted: Any) -> bool:
    kind, parts = get_origin(wanted), get_args(wanted)
    if kind in (Union, UnionType):
        return any(_is(value, part) for part in parts)
    if kind is dict:
        return isinstance(value, dict) and all(_is(k, parts[0]) and _is(v, parts[1]) for k, v in value.items())
    if kind in (list, tuple):
        return isinstance(value, kind) and all(_is(each, parts[0]) for each in value)
    if wanted is Any:
        return True
    if wanted in (int, float):
        return isinstance(value, (int, wanted)) and not isinstance(value, bool)
    if is_dataclass(value):
        refuse_other_types(value)
    return isinstance(value, wanted)
