"""The distance modulus of a star beside the one of its photometry.

The modulus mu of `infer.py` is what takes absolute to apparent magnitudes. Unresolved binaries, and whatever else the
labels do not say, scatter it about the modulus D of the star's distance, which is what the parallax w less its zero
point w_0 measures:

    D ~ N(mu, s^2),   w ~ N(10^((10 - D)/5) + w_0, sigma_w^2)

so that a precise parallax says D far better than mu. Given mu, D is where both meet (Gauss-Newton), and its variance
is the inverse curvature there; that of mu comes in as far as D follows mu.
"""

from __future__ import annotations

from .infer import MAS_SLOPE
from .infer_graph import Inputs
from .onnx_graph import Graph

#: mag, of absolute magnitudes about those that the labels give: with it the posterior holds precise parallaxes of the
#: training stars that were blurred by 10 and 20 % before.
SCATTER = 0.25
#: mas, of Gaia DR2, whose parallaxes the networks read as they are: cuts.gaia_dr2_parallax_zero_point.
ZERO_POINT = -0.04
STEPS, MAX_STEP = 3, 1.0  # mag


def star_modulus(graph: Graph, data: Inputs, modulus: str, variance: str) -> tuple[str, str]:
    """Mean and variance of D [1, rows] from those of mu [1, rows]; without a parallax mu, and the scatter added."""
    own_weight = graph.constant(SCATTER**-2)
    star = modulus
    for _ in range(STEPS):
        force, curvature = _parallax(graph, data, star)
        curvature = graph.op("Add", curvature, own_weight)
        force = graph.op("Add", force, graph.op("Mul", own_weight, graph.op("Sub", modulus, star)))
        step = graph.op("Div", force, curvature)
        star = graph.op("Add", star, graph.op("Clip", step, graph.constant(-MAX_STEP), graph.constant(MAX_STEP)))
    _, curvature = _parallax(graph, data, star)
    inverse = graph.op("Div", graph.constant(1.0), graph.op("Add", curvature, own_weight))
    followed = graph.op("Mul", own_weight, inverse)
    from_modulus = graph.op("Mul", graph.op("Mul", followed, followed), variance)
    return star, graph.op("Add", inverse, from_modulus)


def _parallax(graph: Graph, data: Inputs, star: str) -> tuple[str, str]:
    """Gradient and curvature of the parallax's log likelihood at D [1, rows]."""
    exponent = graph.op("Mul", graph.constant(MAS_SLOPE), graph.op("Sub", graph.constant(10.0), star))
    predicted = graph.op("Exp", exponent)
    slope = graph.op("Mul", graph.op("Mul", graph.constant(-MAS_SLOPE), predicted), data.has_parallax)
    measured = graph.op("Sub", data.parallax, graph.constant(ZERO_POINT))
    weighted = graph.op("Div", slope, data.parallax_variance)
    return graph.op("Mul", weighted, graph.op("Sub", measured, predicted)), graph.op("Mul", weighted, slope)
