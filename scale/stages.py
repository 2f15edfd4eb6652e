"""The stages of a run: what each tile gives at a time, and what the whole sky is made of it before the next."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ..errors import UserError
from ..sql.systems import system_steps
from .kinds import Kind, Kinds, kinds_of_views, views

VIEWS = Path(__file__).with_name("views.toml")
CUT = (Kind.STARS, Kind.LOOKUP)
MADE_LATER = (Kind.WHOLE, Kind.SUM)


@dataclass(frozen=True)
class Places:
    """The view that has the positions of a catalogue's rows, and the columns by which."""

    view: str
    by: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """The entry of a system in `views.toml`."""

    whole: tuple[str, ...]
    rows: tuple[str, ...]
    kept: tuple[str, ...]
    places: Places | None
    judged: str


@dataclass
class Stage:
    """One look at every tile: the views whose rows it gives, the views whose numbers it gives to be summed, and whether
    it makes the catalogue; then what is made of all tiles together, in this order."""

    rows: list[str] = field(default_factory=list)
    sums: list[str] = field(default_factory=list)
    has_catalogue: bool = False
    whole: list[str] = field(default_factory=list)


def wanted_of(system: str) -> Wanted:
    """What a run by partitions makes of a system.

    Raises
    ------
    UserError
        If there is no such system.
    """
    system_steps(system)
    entry = tomllib.loads(VIEWS.read_text())[system]
    places = entry.pop("places", None)
    judged = entry.pop("judged", "")
    lists = {name: tuple(listed) for name, listed in entry.items()}
    return Wanted(places=places and Places(places["view"], tuple(places["by"])), judged=judged, **lists)


@cache
def stages_of(system: str, whole: tuple[str, ...] | None = None, rows: tuple[str, ...] | None = None) -> list[Stage]:
    """The stages of a system's run; `whole` and `rows` in the place of those of `views.toml`.

    Raises
    ------
    UserError
        If a wanted view is of rows that lie in no partition.
    """
    wanted = wanted_of(system)
    return _Planner(system, wanted.whole if whole is None else whole, wanted.rows if rows is None else rows).stages()


class _Planner:
    """Finds, stage by stage, what can be made of what is there."""

    def __init__(self, system: str, whole: tuple[str, ...], rows: tuple[str, ...]):
        self.kinds: Kinds = kinds_of_views(system)
        self.catalogue = system_steps(system).catalogue
        later = {view for start in (*whole, *rows, self.catalogue) for view in (start, *self._under(start))}
        self.left = [view for view in views() if view in later and self.kinds[view] in MADE_LATER]
        self.kept = [view for view in rows if self.kinds[view] is Kind.STARS]
        self.made: set[str] = set()
        self.gathered: set[str] = set()

    def stages(self) -> list[Stage]:
        found: list[Stage] = []
        has_catalogue = False
        while self.left or self.kept or not has_catalogue:
            stage = Stage(rows=[view for view in self.kept if self._is_ready(view)])
            if not has_catalogue and self._is_ready(self.catalogue):
                stage.has_catalogue = has_catalogue = True
            stage.rows += self._gathered_for_whole(stage.rows)
            stage.rows = self._fewest(stage.rows, self.kept)
            self.gathered |= set(stage.rows)
            self.kept = [view for view in self.kept if view not in self.gathered]
            stage.sums = [view for view in self.left if self._is_summed(view)]
            self.made |= set(stage.sums)
            self._make_whole(stage)
            self.left = [view for view in self.left if view not in self.made]
            if not (stage.rows or stage.sums or stage.whole or stage.has_catalogue):
                raise UserError(f"{', '.join(self.left)}: made of rows that lie in no partition")
            found.append(stage)
        return found

    def _gathered_for_whole(self, there: list[str]) -> list[str]:
        """The rows that views of the whole sky are made of, as far as they can be had now."""
        found: dict[str, None] = {}
        for view in self.left:
            if self.kinds[view] is Kind.WHOLE or not self._needs_are_ready(view):
                for need in self.kinds.needs(view):
                    if self.kinds[need] is Kind.STARS and self._is_ready(need) and need not in there:
                        found[need] = None
        return [need for need in found if not self._can_be_made(need)]

    def _fewest(self, rows: list[str], kept: list[str]) -> list[str]:
        """Those rows that the others are not made of."""
        for view in [view for view in rows if view not in kept]:
            others = [other for other in rows if other != view]
            if self._can_be_made(view, set(others)):
                rows = others
        return rows

    def _is_summed(self, view: str) -> bool:
        """Whether the numbers of a view are to be summed now: its rows are the tiles' alone."""
        is_sum = self.kinds[view] is Kind.SUM and not all(map(self._can_be_made, self.kinds.needs(view)))
        return is_sum and self._needs_are_ready(view)

    def _make_whole(self, stage: Stage) -> None:
        while True:
            ready = [
                view
                for view in self.left
                if view not in self.made and all(map(self._can_be_made, self.kinds.needs(view)))
            ]
            if not ready:
                return
            stage.whole += ready
            self.made |= set(ready)

    def _can_be_made(self, view: str, besides: frozenset[str] | set[str] = frozenset()) -> bool:
        """Whether the whole of a view is there, or can be made of what has been gathered."""
        if view in self.gathered or view in besides:
            return True
        if self.kinds[view] in MADE_LATER:
            return view in self.made
        if view not in views():
            return self.kinds[view] is Kind.FIXED
        return all(self._can_be_made(need, besides) for need in self.kinds.needs(view))

    def _is_ready(self, view: str) -> bool:
        """Whether all of the whole sky that a tile needs for a view has been made."""
        return self._under(view) <= self.made

    def _needs_are_ready(self, view: str) -> bool:
        return all(
            self._is_ready(n) and (self.kinds[n] not in MADE_LATER or n in self.made) for n in self.kinds.needs(view)
        )

    def _under(self, view: str) -> set[str]:
        """The views of the whole sky that a view rests on."""
        return _under(self.kinds, view)


def _under(kinds: Kinds, view: str) -> set[str]:
    found: set[str] = set()
    pending, seen = [view], {view}
    while pending:
        for need in kinds.needs(pending.pop()):
            if need in views() and need not in seen:
                seen.add(need)
                pending.append(need)
                if kinds[need] in MADE_LATER:
                    found.add(need)
    return found


def rests_on(system: str, names: list[str]) -> set[str]:
    """All views, products and tables under some views, themselves included."""
    kinds, found, pending = kinds_of_views(system), set(names), list(names)
    while pending:
        name = pending.pop()
        more = {need for need in kinds.needs(name)} - found if name in views() else set()
        found |= more
        pending += more
    return found
