"""From a file's unit to the survey's: a straight line or a power of ten, proven so, or nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass

UNIT_FORMATS = (None, "cds", "fits", "vounit")
#: What files say and astropy does not read.
UNIT_WORDS = {"muhz": "uHz", "degrees": "deg", "degree": "deg", "angular degree": "deg", "---": "", "-": "", "none": ""}
EXACT = 1e-9


@dataclass(frozen=True)
class Conversion:
    """`factor` x + `offset`, or with a `power` p, `factor` 10^(p x)."""

    factor: float = 1.0
    offset: float = 0.0
    power: float = 0.0

    @property
    def is_identity(self) -> bool:
        return self == Conversion()

    def sql(self, value: str) -> str:
        if self.power:
            return f"{self.factor!r} * pow(10, {self.power!r} * {value})"
        return f"{value} * {self.factor!r}" + (f" + {self.offset!r}" if self.offset else "")


def in_brackets(text: str) -> bool:
    return text.strip().startswith("[") and text.strip().endswith("]")


def is_other_than_dex(text: str) -> bool:
    """Whether a unit can be read, and is of no logarithm to base 10 and no number without unit."""
    from astropy import units as u

    if not text.strip() or in_brackets(text):
        return False
    try:
        unit = _unit(text)
    except ValueError:
        return False
    if isinstance(unit, u.function.FunctionUnitBase):
        return not isinstance(unit, u.DexUnit)
    return unit != u.dex and (unit.is_equivalent(u.dex) or unit.physical_type != "dimensionless")


def conversion(text: str, ours: str) -> Conversion | None:
    """From one unit to another; None where they are of different kinds, or it is neither a line nor a power of ten.

    Three values tell: on a line the steps are equal, on a power of ten the ratios.
    """
    from astropy import units as u

    text = UNIT_WORDS.get(text.strip().lower(), text)
    if not text:
        return Conversion()
    if in_brackets(text):
        text = f"dex({text.strip()[1:-1]})" if text.strip() not in ("[-]", "[]") else "dex"
    try:
        theirs, target = _unit(text), u.Unit(ours)
        if theirs == u.hour and target.is_equivalent(u.deg):
            theirs = u.hourangle
        zero, one, two = (float(theirs.to(target, value)) for value in (0.0, 1.0, 2.0))
    except (ValueError, TypeError, u.UnitConversionError):
        return None
    if math.isclose(two - one, one - zero, rel_tol=EXACT):
        return Conversion(_rounded(one - zero), _rounded(zero)) if one > zero else None
    if zero > 0 and one > 0 and math.isclose(two / one, one / zero, rel_tol=EXACT):
        return Conversion(_rounded(zero), power=_rounded(math.log10(one / zero)))
    return None


def _rounded(number: float) -> float:
    return float(f"{number:.15g}")


def _unit(text: str):
    """An astropy unit in any of the spellings that archives use.

    Raises
    ------
    ValueError
        If none of them reads it.
    """
    from astropy import units as u

    for form in UNIT_FORMATS:
        for spelling in (text, text.lower()):
            try:
                return u.Unit(spelling, format=form, parse_strict="raise")
            except (ValueError, TypeError):
                continue
    raise ValueError(text)


def standard(text: str, form: str) -> str:
    """A unit in the spelling of a standard ("fits" or "vounit"); empty where the standard has none for it."""
    from astropy import units as u

    try:
        return u.Unit(text, parse_strict="raise").to_string(form) if text else ""
    except (ValueError, TypeError):
        return ""


def is_only_astropys(text: str) -> bool:
    """Whether a unit is one of astropy, no function of one, and FITS has no word for it."""
    from astropy import units as u

    if not text or standard(text, "fits"):
        return False
    try:
        return isinstance(u.Unit(text, parse_strict="raise"), u.UnitBase)
    except (ValueError, TypeError):
        return False
