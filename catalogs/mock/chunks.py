"""From the true stars of one chunk to the tables of all surveys."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from . import surveys
from .draws import TrueStars
from .names import Designations, NameRegister
from .observe import observe_magnitudes, observe_parallax, observe_spectra
from .parameters import Parameters

TABLES = (
    "gaia_dr2",
    "twomass",
    "allwise",
    "panstarrs1",
    "lamost",
    "seismology",
    "mock_truth",
)
#: Each has its own random numbers, so that a change in one leaves the others alone.
STAGES = (
    "photometry",
    "parallax",
    "spectra",
    "gaia_dr2",
    "twomass",
    "allwise",
    "panstarrs1",
    "lamost",
)


@dataclass
class Chunk:
    """Tables of one chunk; `names` are the keys and stars of sources named by their position."""

    tables: dict[str, pa.Table]
    names: dict[str, tuple[np.ndarray, np.ndarray]]

    def __len__(self) -> int:
        return self.tables["gaia_dr2"].num_rows

    def drop_taken_names(self, survey: str, register: NameRegister) -> None:
        """Leave out sources whose name another has: the survey sees one source there."""
        keys, star = self.names[survey]
        new = register.admit(keys)
        if new.all():
            return
        self.tables[survey] = self.tables[survey].filter(pa.array(new))
        truth = self.tables["mock_truth"]
        lost = np.zeros(len(truth), bool)
        lost[star[~new & (star >= 0)]] = True
        name = f"{survey}_designation"
        column = pc.if_else(pa.array(lost), pa.scalar(None, pa.string()), truth[name])
        index = truth.schema.get_field_index(name)
        self.tables["mock_truth"] = truth.set_column(index, name, column)


def observe_chunk(true: TrueStars, first_number: int, p: Parameters, rng: dict[str, np.random.Generator]) -> Chunk:
    """Observe stars with every survey.

    Parameters
    ----------
    true : TrueStars
    first_number : int
        Lower end of the chunk's own range of numbers, for identifiers.
    rng : dict
        A generator for each of `STAGES`.
    """
    seen = observe_magnitudes(true.magnitudes, p, rng["photometry"])
    parallaxes = observe_parallax(true, p, rng["parallax"])
    spectra = observe_spectra(true, seen, p, rng["spectra"])
    twomass = surveys.detect_twomass(true, seen, p, rng["twomass"])
    allwise = surveys.detect_allwise(true, seen, p, rng["allwise"])
    panstarrs1 = surveys.detect_panstarrs1(true, seen, p, rng["panstarrs1"])
    lamost, lamost_star = surveys.lamost(true, spectra, first_number, p, rng["lamost"])
    tables = {
        "gaia_dr2": surveys.gaia_dr2(true, seen, parallaxes, p, rng["gaia_dr2"]),
        "twomass": surveys.twomass(twomass, true.lat, p, rng["twomass"]),
        "allwise": surveys.allwise(allwise, true.lat, p, rng["allwise"]),
        "panstarrs1": surveys.panstarrs1(panstarrs1, 2 * first_number, p, rng["panstarrs1"]),
        "lamost": lamost,
        "seismology": surveys.seismology(spectra, lamost),
    }
    identifiers = {
        f"{survey}_{column}": surveys.counterparts(tables[survey][column], star, len(true))
        for survey, column, star in (
            ("twomass", "designation", twomass.star),
            ("allwise", "designation", allwise.star),
            ("panstarrs1", "obj_id", panstarrs1.star),
            ("lamost", "obsid", lamost_star),
        )
    }
    tables["mock_truth"] = surveys.mock_truth(true, tables["gaia_dr2"]["source_id"], identifiers)
    names = {
        survey: (Designations(sources.ra, sources.dec).keys(), sources.star)
        for survey, sources in (("twomass", twomass), ("allwise", allwise))
    }
    return Chunk(tables, names)
