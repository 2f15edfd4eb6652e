"""The training space: how densely the training stars lie around a star, as a mixture of Gaussians."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sklearn.mixture import GaussianMixture

from ..udfs.graph import GraphBuilder, Layer, fold_scaling

COMPONENTS = 8
#: The share of training stars that fall outside.
SPARSEST = 0.01
TINY = 1e-30


@dataclass(frozen=True)
class Space:
    """ln density is log(sum of exp(-|L_k (x - m_k)|^2 / 2 + c_k)) [rows]; zero at the sparsest 1 % of training stars.

    Attributes
    ----------
    whiten : Layer
        x [inputs, rows] to the stacked L_k (x - m_k) [components * inputs, rows].
    constants : [components]
    """

    whiten: Layer
    constants: np.ndarray

    def log_density(self, x: np.ndarray) -> np.ndarray:
        """[rows, inputs] -> [rows]."""
        z = self.whiten.weight @ x.astype(np.float64).T + self.whiten.bias[:, None]
        squared = (z**2).reshape(len(self.constants), -1, len(x)).sum(axis=1)
        return np.log(np.exp(-0.5 * squared + self.constants[:, None]).sum(axis=0) + TINY)

    def add_to(self, builder: GraphBuilder) -> str:
        """The same from the graph's input `x`; returns the tensor's name."""
        z = builder.layer("x", self.whiten)
        n_components = len(self.constants)
        n_inputs = len(self.whiten.bias) // n_components
        halves = np.kron(np.eye(n_components), np.full((1, n_inputs), -0.5))
        exponent = builder.layer(builder.add("Mul", z, z), Layer(halves, self.constants))
        total = builder.sum_rows(builder.add("Exp", exponent))
        return builder.add("Log", builder.add("Add", total, builder.constant(TINY)))


def fit_space(x: np.ndarray, seed: int) -> Space:
    """Fit the training stars x [rows, inputs]."""
    centre, spread = x.mean(axis=0), x.std(axis=0)
    mixture = GaussianMixture(COMPONENTS, reg_covar=0.01, random_state=seed).fit((x - centre) / spread)
    factors = np.swapaxes(mixture.precisions_cholesky_, 1, 2)
    weight = factors.reshape(-1, x.shape[1])
    bias = -np.einsum("kij,kj->ki", factors, mixture.means_).ravel()
    constants = np.log(mixture.weights_) + np.log(np.abs(np.linalg.det(factors)))
    space = Space(fold_scaling(Layer(weight, bias), centre, spread), constants)
    return Space(space.whiten, constants - np.quantile(space.log_density(x), SPARSEST))
