"""The systems of `systems.toml`, and the model that each scores with."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace

from ..errors import NotIngested, UnknownName
from ..udfs.merge import merged_model
from ..udfs.model import Model, load_model
from ..udfs.model_files import model_files
from ..workspace.folder import Sky
from .files import ROOT, cuts_of

LISTS = ("neighbours", "beside", "carries")


@dataclass(frozen=True)
class SystemSteps:
    """From `systems.toml`: where a system's rows come from (several surveys may hold its stars), which matches it
    reads, the model that scores if it has several, the models that score beside it and what its own outputs are called
    there, the columns of its inputs that stand beside the scores, its labelled rows if a baseline judges them, and what
    the scores keep of those, the file of its spectra if it reads those, the view whose rows are scored, and the view
    over the scores."""

    name: str
    inputs: str
    id: str
    bases: tuple[str, ...]
    neighbours: tuple[str, ...]
    catalogue: str
    model: str = ""
    beside: tuple[str, ...] = ()
    renamed: dict[str, str] = field(default_factory=dict)
    carries: tuple[str, ...] = ()
    labels: str = ""
    labelled: str = ""
    spectra: str = ""
    rows: str = ""
    scored: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", self.rows or self.inputs)
        object.__setattr__(self, "scored", self.scored or f"{self.name}.scores")

    @property
    def base(self) -> str:
        """The first of the surveys that its stars may come from; the only one once `of` has chosen."""
        return self.bases[0]

    @property
    def scoring_cuts(self) -> set[str]:
        """The thresholds that what is scored rests on, less those that are applied to the scores."""
        picked = cuts_of(f"{self.name}.scores") if self.scored != f"{self.name}.scores" else set()
        return cuts_of(self.rows) - picked

    def of(self, base: str) -> SystemSteps:
        """The same, with stars of one survey alone."""
        return replace(self, bases=(base,))


def system_steps(name: str) -> SystemSteps:
    """What `run` and `score` do for a system.

    Raises
    ------
    UserError
        If there is no such system.
    """
    systems = tomllib.loads((ROOT / "systems.toml").read_text())
    if name not in systems:
        known = ", ".join(systems)
        raise UnknownName(f"system {name!r} is unknown", value=name, nearest=systems, hint=f"there are {known}")
    entry = systems[name]
    lists = {key: tuple(entry.get(key, ())) for key in LISTS}
    return SystemSteps(name=name, bases=tuple(entry.pop("base")), **(entry | lists))


def system_model(sky: Sky, system: str) -> Model:
    """What scores a system: its own model, with the models beside it as one.

    Raises
    ------
    UserError
        If it has no model of its own.
    """
    steps, files = system_steps(system), model_files(sky.models)
    beside = [load_model(files[name]) for name in steps.beside if name in files]
    own = own_model(sky, system)
    return merged_model([own, *beside], [steps.renamed, *({} for _ in beside)]) if beside else own


def own_model(sky: Sky, system: str) -> Model:
    """The model that a system is named for: the workspace's, or the shipped one.

    Raises
    ------
    UserError
        If there is neither.
    """
    path = model_files(sky.models).get(system_steps(system).model or system)
    if path is None:
        raise no_model(sky, system)
    return load_model(path)


def no_model(sky: Sky, system: str) -> NotIngested:
    """What to say where a system has no model."""
    way_out = f"train one with `candlesql train {sky.root} {system}`"
    return NotIngested(f"there is no model for {system}", value=system, hint=way_out)
