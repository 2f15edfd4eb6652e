"""Proves an exported graph: the float32 ONNX model against the same networks in PyTorch and float64, on fresh rows."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ..udfs.model import Model
from ..udfs.onnx_udf import session_of
from .export import Member
from .mdn import Trained

ROWS = 20_000
ACTIVATIONS = {"Sigmoid": torch.sigmoid, "Tanh": torch.tanh, "Relu": torch.relu, "": lambda h: h}


def export_error(
    model: Model, members: list[Member], domain: dict[str, tuple[float, float]], seed: int = 0
) -> dict[str, object]:
    """How far the model file is from the networks that it was made of; for the metadata `export_error`.

    Parameters
    ----------
    model
        The model as written, float32.
    members
        What `system_graph` made its graph of.
    domain
        Lowest and highest value of each input; 20,000 rows are drawn uniformly within.

    Returns
    -------
    dict
        `rows`, and for each output the largest difference over the mean size of the output.
    """
    rng = np.random.default_rng(seed)
    names = [field.name for field in model.inputs]
    x = np.stack([rng.uniform(*domain[name], ROWS) for name in names]).astype(np.float32)
    found = session_of(model).run(None, {"x": x})[0]
    errors = relative_errors(found, reference(members, dict(zip(names, x, strict=True))))
    outputs = {field.name: float(f"{error:.2g}") for field, error in zip(model.outputs, errors, strict=True)}
    return {"rows": ROWS, "against": "PyTorch in float64", **outputs}


def relative_errors(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """The largest difference in each row of two arrays [outputs, rows], over the mean size of that row."""
    size = np.maximum(np.abs(expected).mean(axis=1), 1e-30)
    return np.asarray(np.abs(found - expected).max(axis=1) / size)


def reference(members: list[Member], columns: dict[str, np.ndarray]) -> np.ndarray:
    """All outputs of a system [outputs, rows] in float64, from raw columns [rows]."""
    outputs: list[Tensor] = []
    for member in members:
        x = torch.from_numpy(member.features.of(columns).astype(np.float64))
        head = member.networks[0].head
        if head.labels > 1 or head.has_state:
            outputs += _joint(member.networks, x)
        else:
            outputs += _published(member.networks[0], x)
    return torch.stack(outputs).numpy()


def _head(trained: Trained, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Weights [rows, k], means and widths [rows, k, d] in scaled units, and the state's logit [rows, 0 or 1]."""
    for layer in trained.layers:
        weight, bias = (torch.from_numpy(np.asarray(part, np.float64)) for part in (layer.weight, layer.bias))
        x = ACTIVATIONS[layer.activation](torch.nn.functional.linear(x, weight, bias.reshape(-1)))
    k, d = trained.head.components, trained.head.labels
    logits, means, log_widths, state = torch.split(x, [k, k * d, k * d, int(trained.head.has_state)], dim=1)
    return torch.softmax(logits, dim=1), means.reshape(-1, k, d), log_widths.reshape(-1, k, d).exp(), state


def _published(trained: Trained, x: Tensor) -> list[Tensor]:
    """Mean and width weighted over the components, and the standard deviation of a mixture of several."""
    weights, means, widths, _ = _head(trained, x)
    scale, centre = float(trained.label_factor[0, 0]), float(trained.label_mean[0])
    means, widths = means[:, :, 0] * scale + centre, widths[:, :, 0] * scale
    mean = (weights * means).sum(dim=1)
    found = [mean, (weights * widths).sum(dim=1)]
    if weights.shape[1] > 1:
        found.append((weights * (widths**2 + (means - mean[:, None]) ** 2)).sum(dim=1).sqrt())
    return found


def _joint(networks: list[Trained], x: Tensor) -> list[Tensor]:
    """Means, standard deviations and covariances of all labels, and the probability of the state."""
    centre, factor = (torch.from_numpy(part) for part in (networks[0].label_mean, networks[0].label_factor))
    heads = [_head(trained, x) for trained in networks]
    weights = torch.cat([head[0] for head in heads], dim=1) / len(networks)
    means = torch.cat([head[1] for head in heads], dim=1) @ factor.T + centre
    spread = factor * torch.cat([head[2] for head in heads], dim=1)[:, :, None, :]
    mean = (weights[:, :, None] * means).sum(dim=1)
    off = means - mean[:, None]
    each = spread @ spread.transpose(2, 3) + off[:, :, :, None] * off[:, :, None, :]
    covariance = (weights[:, :, None, None] * each).sum(dim=1)
    d = mean.shape[1]
    state = [torch.stack([torch.sigmoid(head[3][:, 0]) for head in heads]).mean(dim=0)] if heads[0][3].shape[1] else []
    return [
        *mean.T,
        *(covariance[:, i, i].sqrt() for i in range(d)),
        *(covariance[:, i, j] for i in range(d) for j in range(i)),
        *state,
    ]
