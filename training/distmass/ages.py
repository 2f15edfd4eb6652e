"""log age(mass, [M/H], [alpha/M]) of giants: a network trained on PARSEC isochrones, red giants and core-helium stars.

Giants of one initial mass and composition have one age to a few per cent; Stone-Martinez et al. 2024, section 6.1.
Those of the giant branch are younger, by 2 % at 1 Msun and 10 % at 2 Msun; a giant's is between them. The composition
is [M/H] + log10(0.638 10^[alpha/M] + 0.362); Salaris, Chieffi & Straniero 1993.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ...udfs.graph import GraphBuilder, Layer
from ...workspace.connection import in_memory
from ...workspace.query import literal_path
from .regression import Recipe, Trained, train

RED_GIANT, CORE_HELIUM = 2, 3
#: Where ages stand in the catalogue (cuts.distmass_max_logg_age).
MAX_LOGG = 3.5
ALPHA_SHARE = 0.638
INPUTS = [{"name": "mass_msun", "unit": "solMass"}, {"name": "m_h", "unit": "dex"}, {"name": "alpha_m", "unit": "dex"}]
OUTPUTS = [{"name": "log_age", "unit": "dex(yr)"}]
RECIPE = Recipe(hidden=(32, 32), activation="Tanh", loss="squared", epochs=80, batch=256, decay=0.0)
HELD_OUT = 10


def read_giants(parsec: Path) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Giants of isochrones: x [rows, 2] (ln initial mass, [M/H]), log age, weight, held out or not [rows].

    Both phases of an isochrone weigh the same, however many nodes they have. The first node of core-helium burning is
    the tip of the giant branch and is left out; a tenth of the isochrones is held out.
    """
    with in_memory() as connection:
        table = connection.execute(
            f"""with giants as (
                   select *, row_number() over (partition by "Z", "logAge", phase order by "Mini") as node
                   from read_parquet({literal_path(parsec)}) where phase in ($red, $helium)
               )
               select ln("Mini") as ln_mass, "MH" as m_h, "logAge" as log_age,
                      1 / count(*) over (partition by "Z", "logAge", phase) as weight,
                      md5_number_lower("MH" || ':' || "logAge") % $tenth = 0 as held
               from giants
               where if(phase = $helium, node > 1, logg < $logg) and "Mini" between 0.6 and 10 and "MH" > -1.5
               order by "Z", "logAge", phase, "Mini" """,
            {"red": RED_GIANT, "helium": CORE_HELIUM, "tenth": HELD_OUT, "logg": MAX_LOGG},
        ).fetchnumpy()
    x = np.stack([np.asarray(table["ln_mass"]), np.asarray(table["m_h"])], axis=1).astype(float)
    log_age, weight = (np.asarray(table[name]).astype(float) for name in ("log_age", "weight"))
    return x, log_age, weight / weight.mean(), np.asarray(table["held"]).astype(bool)


def train_ages(parsec: Path, seed: int) -> tuple[Trained, dict[str, float]]:
    """The network, and its scatter [dex] on isochrones that were held out."""
    x, log_age, weight, held = read_giants(parsec)
    network = train(x, log_age, 1 / np.sqrt(weight), held, RECIPE, seed)
    difference = network.predict(x[held])[0] - log_age[held]
    metrics = {
        "n": int(held.sum()),
        "standard_deviation": round(float(difference.std()), 4),
        "robust_scatter": round(float(1.4826 * np.median(np.abs(difference - np.median(difference)))), 4),
    }
    return network, metrics


def age_graph(network: Trained):
    """ONNX graph of (mass [Msun], [M/H], [alpha/M]) to log10 of age in years."""
    builder = GraphBuilder()
    mass, metals, alpha = (builder.rows("x", i, i + 1) for i in range(3))
    enhanced = builder.add("Exp", builder.add("Mul", alpha, builder.constant(np.log(10))))
    share = builder.add("Mul", enhanced, builder.constant(ALPHA_SHARE))
    shift = builder.add("Log", builder.add("Add", share, builder.constant(1 - ALPHA_SHARE)))
    metals = builder.add("Add", metals, builder.add("Mul", shift, builder.constant(1 / np.log(10))))
    h = builder.concat([builder.add("Log", mass), metals])
    first, *rest = network.layers
    for layer in [first, *rest[:-1], _scaled(rest[-1], network)]:
        h = builder.layer(h, layer)
    return builder.finish(h, len(INPUTS), 1, "log_age")


def _scaled(layer: Layer, network: Trained) -> Layer:
    """The last layer with the target's scaling in it."""
    return Layer(layer.weight * network.target_scale, layer.bias * network.target_scale + network.target_mean)
