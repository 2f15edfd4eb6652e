"""A learned correction of the labels' posterior.

The forward model knows neither the shape of its own errors nor the heavy tails of the data. A
small network looks at the posterior of `infer.py` and at the residuals that it leaves, and says
how far the labels are off (in units of their sigma) and by which factor each sigma is wrong. It
is trained on the likelihood of spectroscopic labels, whose errors are part of that likelihood:

    label ~ N(theta + sigma d, D C D + C_label),  D = diag(exp(s)),

with one star in `OUTLIERS` drawn from a Gaussian `WIDE` times wider. Reddening and distance
modulus follow the labels as the model's posterior ties them together; the reddening has a shift
of its own beside, learned from the reddening that equations 8-9 give with the labels known. Its
error stays the model's: that reddening shares the photometry and the map, so that the difference
does not measure an error.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import torch
from torch import Tensor, nn

from .covariance import Array
from .infer import N_UNKNOWN, Photometer
from .infer_graph import Inputs, Matrix, cholesky, inverse_of, network_with_slopes
from .onnx_graph import Graph

OUTPUTS = 7  # shift and log factor of three labels, shift of the reddening
OUTLIERS, WIDE = 0.03, 4.0
RESIDUAL_UNIT, RESIDUAL_LIMIT = 0.03, 4.0  # mag; residuals beyond 4 units say no more
PAIRS = [(1, 0), (2, 0), (2, 1), (3, 0)]  # correlations that the network sees


@dataclass(frozen=True)
class Moments:
    """Names of the mixture's mean [1, rows] each and covariance (i >= j), normalised labels."""

    mean: list[str]
    covariance: Matrix
    chi2: str


def mixture_moments(graph: Graph, ln_weight: str, u: str, covariance: str, chi2: str) -> Moments:
    """Mean and covariance of the components' mixture (`infer.Posterior.moments`)."""
    weight = graph.op("Softmax", ln_weight, axis=0)  # [k, 1, rows]

    def mean_of(x: str) -> str:
        return graph.sum_out(graph.op("Mul", weight, x))  # [., rows]

    mean = mean_of(u)
    offset = graph.op("Sub", u, mean)  # [k, 5, rows]
    inside = mean_of(covariance)  # [15, rows]
    entries: Matrix = {}
    for i in range(N_UNKNOWN):
        di = graph.op("Slice", offset, *graph.bounds(i, i + 1, axis=1))
        for j in range(i + 1):
            dj = graph.op("Slice", offset, *graph.bounds(j, j + 1, axis=1))
            between = mean_of(graph.op("Mul", di, dj))
            entries[i, j] = graph.op("Add", graph.row(inside, i * (i + 1) // 2 + j), between)
    return Moments([graph.row(mean, i) for i in range(N_UNKNOWN)], entries, mean_of(chi2))


def features(graph: Graph, photometer: Photometer, data: Inputs, moments: Moments) -> str:
    """What the correction sees, [features, rows]; every row of order one."""

    def scaled(x: str, shift: float, factor: float) -> str:
        return graph.op("Mul", graph.op("Sub", x, graph.constant(shift)), graph.constant(factor))

    mean, covariance = moments.mean, moments.covariance
    sigma = [graph.op("Sqrt", covariance[i, i]) for i in range(N_UNKNOWN)]
    unit = (1.0, 1.0, 1.0, 0.1, 0.3)
    rows = [*mean[:4], scaled(mean[4], 10.0, 0.5)]
    rows += [graph.op("Log", scaled(s, 0.0, 1.0 / w)) for s, w in zip(sigma, unit, strict=True)]
    for i, j in PAIRS:
        rows.append(graph.op("Div", covariance[i, j], graph.op("Mul", sigma[i], sigma[j])))

    z = graph.op("Concat", *mean[:3], axis=0)
    magnitude, r, _ = network_with_slopes(graph, photometer, z)
    model = graph.total([magnitude, graph.op("Mul", r, mean[3]), mean[4]])
    seen = graph.op("Cast", graph.op("Greater", data.weight, graph.constant(0.0)), to=1)
    residual = graph.op("Mul", seen, graph.op("Sub", data.mag, model))
    limits = graph.constant(-RESIDUAL_LIMIT), graph.constant(RESIDUAL_LIMIT)
    rows.append(graph.op("Clip", scaled(residual, 0.0, 1.0 / RESIDUAL_UNIT), *limits))
    rows.append(seen)

    predicted = graph.op("Exp", scaled(mean[4], 10.0, -float(np.log(10.0)) / 5.0))
    scatter = graph.op("Mul", predicted, graph.constant(0.07))  # 0.15 mag
    variance = graph.op("Add", data.parallax_variance, graph.op("Mul", scatter, scatter))
    miss = graph.op("Div", graph.op("Sub", data.parallax, predicted), graph.op("Sqrt", variance))
    pull = graph.op("Clip", miss, graph.constant(-5.0), graph.constant(5.0))
    rows.append(graph.op("Mul", data.has_parallax, pull))
    snr = graph.op("Div", data.parallax, graph.op("Sqrt", data.parallax_variance))
    snr = graph.op("Clip", snr, graph.constant(0.0), graph.constant(200.0))
    rows.append(graph.op("Mul", data.has_parallax, graph.op("Log", graph.op("Add", snr, graph.constant(1.0)))))
    rows.append(data.ebv)
    width = graph.op("Mul", graph.constant(-0.5), graph.op("Log", data.ebv_weight))
    rows.append(graph.op("Sub", width, graph.constant(np.log(0.05))))
    first = graph.op("Mul", graph.row(seen, 0), scaled(graph.row(data.mag, 0), 14.5, 0.5))
    rows.append(first)
    return graph.op("Concat", *rows, axis=0)


def n_features(n_bands: int) -> int:
    """Number of rows that `features` makes."""
    return 2 * N_UNKNOWN + len(PAIRS) + 2 * n_bands + 5


@dataclass(frozen=True)
class CorrectionOptions:
    """How the correction is trained; the defaults made the shipped model."""

    members: int = 3
    hidden: int = 64
    dropout: float = 0.2
    noise: float = 0.1  # added to the features
    epochs: int = 100
    batch: int = 256
    learning_rate: float = 3e-3
    weight_decay: float = 1e-2


@dataclass(frozen=True)
class CorrectionTable:
    """What the correction learns from; everything in units of the posterior's sigma.

    Attributes
    ----------
    features : [n, f]
    offset : [n, 3]
        Label minus posterior mean.
    posterior, label : [n, 3, 3]
        Covariances of the posterior and of the label.
    gain : [n, 3]
        By how much the reddening follows a shift of the labels.
    ebv_offset : [n]
        Reddening with known labels minus posterior mean.
    """

    features: Array
    offset: Array
    posterior: Array
    label: Array
    gain: Array
    ebv_offset: Array

    def __len__(self) -> int:
        return len(self.features)

    def tensors(self) -> list[Tensor]:
        """All of it for torch, in the order of the fields."""
        return [torch.tensor(getattr(self, f.name), dtype=torch.float32) for f in fields(self)]


def correction_loss(
    output: Tensor, offset: Tensor, posterior: Tensor, label: Tensor, gain: Tensor, ebv: Tensor
) -> Tensor:
    """Loss of every star [n]; `output` [n, 7] is the shift d, the log factor s, and E's shift."""
    shift = output[:, :3]
    ebv_miss = ebv - (gain * shift).sum(dim=1) - output[:, 6]
    ebv_loss = nn.functional.huber_loss(ebv_miss, torch.zeros_like(ebv_miss), reduction="none")
    return negative_log_likelihood(shift, output[:, 3:6], offset, posterior, label) + ebv_loss


def negative_log_likelihood(shift: Tensor, log_factor: Tensor, offset: Tensor, cov: Tensor, label: Tensor) -> Tensor:
    """Of the labels [n]; arguments as in `CorrectionTable`, constants left out."""
    factor = log_factor.clamp(-3.0, 3.0).exp()
    total = factor[:, :, None] * cov * factor[:, None, :] + label + 1e-4 * torch.eye(3)
    root = torch.linalg.cholesky(total)
    miss = (offset - shift)[:, :, None]
    q = torch.linalg.solve_triangular(root, miss, upper=False)[:, :, 0].square().sum(dim=1)
    log_det = 2.0 * root.diagonal(dim1=1, dim2=2).log().sum(dim=1)
    inside = np.log(1.0 - OUTLIERS) - 0.5 * q
    outside = np.log(OUTLIERS) - 3.0 * np.log(WIDE) - 0.5 * q / WIDE**2
    return 0.5 * log_det - torch.logaddexp(inside, outside)


def train_correction(table: CorrectionTable, options: CorrectionOptions, seed: int) -> nn.Sequential:
    """Train one member."""
    torch.set_num_threads(1)
    torch.manual_seed(seed)
    tensors = table.tensors()
    model = nn.Sequential(
        nn.Linear(table.features.shape[1], options.hidden),
        nn.SiLU(),
        nn.Dropout(options.dropout),
        nn.Linear(options.hidden, options.hidden),
        nn.SiLU(),
        nn.Linear(options.hidden, OUTPUTS),
    )
    last = model[-1]
    assert isinstance(last, nn.Linear)
    with torch.no_grad():
        last.weight.mul_(0.1)
        last.bias.zero_()
    optimiser = torch.optim.AdamW(model.parameters(), lr=options.learning_rate, weight_decay=options.weight_decay)
    steps = options.epochs * -(-len(table) // options.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, options.learning_rate, total_steps=steps)
    for _ in range(options.epochs):
        for rows in torch.randperm(len(table)).split(options.batch):
            inputs, *rest = (t[rows] for t in tensors)
            noisy = inputs + options.noise * torch.randn_like(inputs)
            loss = correction_loss(model(noisy), *rest).mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    return model.eval()


def add_correction(graph: Graph, members: Sequence[nn.Sequential], x: str) -> str:
    """The members' mean output [OUTPUTS, rows]."""
    outputs = []
    for member in members:
        value = x
        linear = [layer for layer in member if isinstance(layer, nn.Linear)]
        for layer in linear:
            weight, bias = (t.detach().numpy() for t in (layer.weight, layer.bias))
            value = graph.linear(weight, bias, value)
            if layer is not linear[-1]:
                value = graph.activate("silu", value)
        outputs.append(value)
    return graph.op("Mul", graph.total(outputs), graph.constant(1.0 / len(members)))


def corrected(graph: Graph, moments: Moments, output: str) -> Moments:
    """Apply the correction to the labels and let reddening and modulus follow.

    With K = C_(E mu),theta C_theta^-1 the conditional of (E, mu) given theta stays the model's:
    their mean moves by K times the labels' shift, their covariance becomes
    C_(E mu) + K (C_theta' - C_theta) K^T.
    """
    c = moments.covariance
    sigma = [graph.op("Sqrt", c[i, i]) for i in range(3)]
    shift = [graph.op("Mul", sigma[i], graph.row(output, i)) for i in range(3)]
    bounded = graph.op("Clip", output, graph.constant(-3.0), graph.constant(3.0))
    factor = [graph.op("Exp", graph.row(bounded, 3 + i)) for i in range(3)]
    lower, inverse = cholesky(graph, {k: v for k, v in c.items() if max(k) < 3}, 3)
    precision = inverse_of(graph, lower, inverse)
    new: Matrix = {}
    change: Matrix = {}
    for i in range(3):
        for j in range(i + 1):
            new[i, j] = graph.op("Mul", c[i, j], graph.op("Mul", factor[i], factor[j]))
            change[i, j] = graph.op("Sub", new[i, j], c[i, j])
    mean = [graph.op("Add", moments.mean[i], shift[i]) for i in range(3)]
    gain = {
        (a, j): graph.total([graph.op("Mul", c[a, i], precision[max(i, j), min(i, j)]) for i in range(3)])
        for a in (3, 4)
        for j in range(3)
    }
    for a in (3, 4):
        moved = graph.total([graph.op("Mul", gain[a, j], shift[j]) for j in range(3)])
        if a == 3:
            own = graph.op("Mul", graph.op("Sqrt", c[3, 3]), graph.row(output, 6))
            moved = graph.op("Add", moved, own)
        mean.append(graph.op("Add", moments.mean[a], moved))
        grown = [
            graph.op("Mul", graph.op("Mul", gain[a, i], gain[a, j]), change[max(i, j), min(i, j)])
            for i in range(3)
            for j in range(3)
        ]
        new[a, a] = graph.op("Add", c[a, a], graph.total(grown))
    return Moments(mean, new, moments.chi2)
