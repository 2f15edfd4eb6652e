"""How much memory and how many threads DuckDB takes, and where what does not fit goes: the user's to set.

What a command or `open_sky` says holds before the environment, and that before the user's configuration file.
"""

from __future__ import annotations

import os
import re
import tomllib
from functools import cache
from pathlib import Path

from ..errors import UserError

#: Names in the configuration file, and of the variables of the environment.
VARIABLES = {"memory": "CANDLESQL_MEMORY", "threads": "CANDLESQL_THREADS", "temporary": "CANDLESQL_TEMPORARY"}
#: Of the machine's memory, for each database: a process of two leaves a fifth to others.
SHARE = "40%"
UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "t": 1000**4}
LEAST_BYTES, MOST_BYTES = 128 * 1000**2, 10**18

TOO_LITTLE_MEMORY = "this needs more memory than DuckDB may take; give it more with --memory, or fewer --threads"

#: What the command line says.
said: dict[str, str] = {}


def memory_limit(given: str | None = None, at_most: int | None = None) -> str:
    """The limit of memory as DuckDB takes it."""
    value, where = _setting("memory", given)
    if value is None:
        return f"{at_most}B" if at_most else SHARE
    found = re.fullmatch(r"(\d{1,15}(?:\.\d{1,15})?)\s*(?:([kmgt]?)(i?)b|%)", value.strip().lower())
    if not found:
        raise UserError(f"{where} {value!r:.40} is no amount of memory: say it as 4GB, 512MB or 40%", value=value)
    number = float(found[1])
    if value.strip().endswith("%"):
        if not 0 < number <= 100:
            raise UserError(f"{where} {value!r:.40} is no part of the memory there is", value=value)
        return f"{at_most}B" if at_most else f"{number:g}%"
    unit = UNITS[found[2]] if not found[3] else 1024 ** ("kmgt".find(found[2]) + 1 if found[2] else 0)
    if number * unit < LEAST_BYTES:
        raise UserError(f"{where} {value!r:.40} is too little: DuckDB needs 128MB", value=value)
    return f"{int(min(number * unit, at_most or MOST_BYTES))}B"


def threads() -> int:
    """How many threads work on a command."""
    return thread_limit() or os.cpu_count() or 1


def thread_limit(given: int | None = None) -> int | None:
    """The number of threads that someone has said, not more than there are cores."""
    value, where = _setting("threads", None if given is None else str(given))
    if value is None:
        return None
    if not re.fullmatch(r"[1-9]\d{0,8}", value.strip()):
        raise UserError(f"{where} {value!r:.40} is no number of threads", value=value)
    return min(int(value), os.cpu_count() or 1)


def temporary_folder() -> Path | None:
    """The folder for what does not fit into memory, if someone has said one."""
    value, where = _setting("temporary")
    if value is None:
        return None
    folder = Path(value).expanduser()
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise UserError(f"{where} {value}: is no folder that can be written", value=value)
    return folder


def _setting(name: str, given: str | None = None) -> tuple[str | None, str]:
    """What holds for a limit, and who says so."""
    file = Path(os.environ.get("CANDLESQL_CONFIG") or _users_file())
    for value, where in (
        (given, name),
        (said.get(name), f"--{name}"),
        (os.environ.get(VARIABLES[name]), VARIABLES[name]),
        (_configured(file).get(name), f"{file}: {name}"),
    ):
        if value:
            return value, where
    return None, ""


@cache
def _users_file() -> str:
    from platformdirs import user_config_path

    return str(user_config_path("candlesql") / "config.toml")


@cache
def _configured(file: Path) -> dict[str, str]:
    """What a configuration file says; nothing where there is none."""
    try:
        found = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise UserError(f"cannot be read ({error})", file=file) from None
    odd = sorted(found.keys() - VARIABLES)
    if odd:
        raise UserError(f"has {odd[0]!r:.40}; it can say {', '.join(VARIABLES)}", file=file)
    return {name: str(value) for name, value in found.items()}
