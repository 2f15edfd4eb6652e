"""The network: theta -> absolute magnitude, colours and extinction vector (section 2.1).

    z = (theta - centre) / scale
    h1 = f(W1 z + b1),  h2 = f(W2 h1 + b2),  y = W3 h2 + b3      y_0 = M_G, y_i = M_i - M_G
    R = exp(WR z + bR)

Here in NumPy, with its Jacobian; `train.py` fits the arrays, `onnx_graph.py` writes them down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .bands import Band
from .covariance import Array, Prediction

Activation = Callable[[Array], tuple[Array, Array]]


def _sigmoid(x: Array) -> Array:
    return 0.5 * (1.0 + np.tanh(0.5 * x))


def _sigmoid_pair(x: Array) -> tuple[Array, Array]:
    s = _sigmoid(x)
    return s, s * (1.0 - s)


def _tanh_pair(x: Array) -> tuple[Array, Array]:
    t = np.tanh(x)
    return t, 1.0 - t * t


def _silu_pair(x: Array) -> tuple[Array, Array]:
    s = _sigmoid(x)
    return x * s, s * (1.0 + x * (1.0 - s))


# name -> function that gives the value and the derivative
ACTIVATIONS: dict[str, Activation] = {
    "sigmoid": _sigmoid_pair,
    "tanh": _tanh_pair,
    "silu": _silu_pair,
}


@dataclass(frozen=True)
class Network:
    """Weights of one photometry network; b bands, k hidden units.

    Attributes
    ----------
    centre, scale : [3]
        Normalisation of theta: median and standard deviation of the training stars.
    weights, biases : lists of [out, in] and [out]
        The stellar model's layers, the last one linear.
    extinction_weight, extinction_bias : [b, 3], [b]
        ln R as a linear function of the normalised theta.
    activation : str
        Name in `ACTIVATIONS`.
    """

    centre: Array
    scale: Array
    weights: list[Array]
    biases: list[Array]
    extinction_weight: Array
    extinction_bias: Array
    activation: str = "sigmoid"

    @property
    def n_bands(self) -> int:
        return len(self.extinction_bias)

    def normalise(self, theta: Array) -> Array:
        """Normalised labels [n, 3]."""
        return (theta - self.centre) / self.scale

    def values(self, theta: Array) -> Array:
        """M_G and the colours [n, b], without derivatives."""
        function = ACTIVATIONS[self.activation]
        value = self.normalise(theta)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value, _ = function(value @ weight.T + bias)
        return value @ self.weights[-1].T + self.biases[-1]

    def colours(self, theta: Array) -> tuple[Array, Array]:
        """M_G and the colours [n, b], and their derivative by theta [n, b, 3]."""
        function = ACTIVATIONS[self.activation]
        value = self.normalise(theta)
        derivative = np.broadcast_to(np.diag(1.0 / self.scale), (len(value), 3, 3))
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            value, slope = function(value @ weight.T + bias)
            derivative = slope[:, :, None] * (weight @ derivative)
        return value @ self.weights[-1].T + self.biases[-1], self.weights[-1] @ derivative

    def photometry(self, theta: Array) -> tuple[Array, Array]:
        """Absolute magnitudes and extinction vectors [n, b], without derivatives."""
        magnitude = self.values(theta)
        magnitude[:, 1:] += magnitude[:, :1]
        log_r = self.normalise(theta) @ self.extinction_weight.T + self.extinction_bias
        return magnitude, np.exp(log_r)

    def predict(self, theta: Array) -> Prediction:
        """Absolute magnitudes, extinction vectors and Jacobians at theta [n, 3]."""
        y, jacobian = self.colours(theta)
        magnitude, slope = y.copy(), jacobian.copy()
        magnitude[:, 1:] += y[:, :1]
        slope[:, 1:] += jacobian[:, :1]
        r = np.exp(self.normalise(theta) @ self.extinction_weight.T + self.extinction_bias)
        r_slope = r[:, :, None] * (self.extinction_weight / self.scale)
        return Prediction(magnitude, r, slope, r_slope)


def read_published(path: Path | str, bands: list[Band]) -> Network:
    """The published network (Green+2020, DOI 10.5281/zenodo.3902382) as a yardstick.

    Its W1 and W2 are AB; they are moved to the system of `bands`.
    """
    arrays = np.load(path)
    bias = arrays["bm_bias"].astype(float) + np.array([band.offset for band in bands])
    return Network(
        centre=arrays["theta_median"].astype(float),
        scale=arrays["theta_std"].astype(float),
        weights=[arrays[name].astype(float).T for name in ("hidden1_kernel", "hidden2_kernel", "bm_kernel")],
        biases=[
            arrays["hidden1_bias"].astype(float),
            arrays["hidden2_bias"].astype(float),
            bias,
        ],
        extinction_weight=arrays["r_kernel"].astype(float).T,
        extinction_bias=arrays["r_bias"].astype(float),
    )
