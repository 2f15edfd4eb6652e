"""What a model reads of a system's inputs: their columns, put into the system and release that the model states."""

from __future__ import annotations

import json
from collections.abc import Container

from ...errors import UserError
from ...udfs.model import Model
from ...udfs.names import identifier

#: What the inputs of every system are in, whichever survey a star comes from; a model that says nothing reads these.
SYSTEMS = {
    **dict.fromkeys(("phot_g_mean_mag", "phot_bp_mean_mag", "phot_rp_mean_mag", "parallax"), "Gaia DR2"),
    **{f"{band}_mean_psf_mag": "Pan-STARRS1 DR1" for band in "grizy"},
    **dict.fromkeys(("j_m", "h_m", "ks_m"), "2MASS"),
    **dict.fromkeys(("w1mpro", "w2mpro"), "AllWISE"),
}
GAIA_BANDS = {f"phot_{band}_mean_mag": band for band in ("g", "bp", "rp")}
COLOUR = "phot_bp_mean_mag - phot_rp_mean_mag"
ABOVE_ZERO = "zero point corrected"


def read_columns(model: Model, there: Container[str]) -> dict[str, str]:
    """SQL of each of the model's inputs, over a view of a system's inputs that has the columns `there`.

    Raises
    ------
    UserError
        If the model states a system that nothing turns the inputs into.
    """
    stated = json.loads(model.metadata.get("input_systems", "{}"))
    read = {}
    for field in model.inputs:
        wanted = stated.get(field.name, SYSTEMS.get(field.name, ""))
        sql = read_as(field.name, wanted, there)
        if sql is None:
            own = SYSTEMS[field.name]
            raise UserError(
                f"reads {field.name} of {wanted}, and nothing turns {own} into that; train a model on what is there",
                file=model.path,
                column=field.name,
                value=wanted,
            )
        read[field.name] = sql
    return read


def read_as(name: str, wanted: str, there: Container[str]) -> str | None:
    """SQL of an input in a wanted system; None where there is no way into it.

    A parallax "of Gaia DR2" is one that reads what DR2's would, with that release's zero point; tables whose parallaxes
    have others say so in parallax_zero_point.
    """
    if name == "parallax" and "parallax_zero_point" in there:
        above = "parallax - parallax_zero_point"
        return {"Gaia DR2": f"{above} + cuts.gaia_dr2_parallax_zero_point()", ABOVE_ZERO: above}.get(wanted)
    own = SYSTEMS.get(name, wanted)
    if wanted == own:
        return identifier(name)
    if name in GAIA_BANDS and wanted == "Gaia DR3":
        return f"photometric.in_gaia_passband('{GAIA_BANDS[name]}', '{own}', '{wanted}', {name}, {COLOUR})"
    return None
