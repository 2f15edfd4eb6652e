"""What networks see of a star beyond its raw columns: the same for training (NumPy) and inside the ONNX graph."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..udfs.graph import GraphBuilder

ZERO_MAGNITUDE = 10.0
LEAST = 0.02


@dataclass(frozen=True)
class Features:
    """The columns that a network reads, and the bands in which it also sees the star's luminosity.

    As the absolute magnitude 5 log10(max(a, 0.02)) of a = parallax * 10^(0.2 (m - 10)), parallax in mas (Arenou & Luri
    1999): what is too faint in a, or negative, is as bright as a star can be.
    """

    columns: tuple[str, ...]
    luminosity_bands: tuple[str, ...] = ()

    def of(self, rows: dict[str, np.ndarray]) -> np.ndarray:
        """Columns [rows] to features [rows, features] in float64."""
        parts = [rows[name].astype(np.float64) for name in self.columns]
        for band in self.luminosity_bands:
            a = rows["parallax"] * 10 ** (0.2 * (rows[band].astype(np.float64) - ZERO_MAGNITUDE))
            parts.append(5 * np.log10(np.maximum(a, LEAST)))
        return np.stack(parts, axis=1)

    def add_to(self, builder: GraphBuilder, inputs: list[str]) -> str:
        """The same features from the graph's input `x` [inputs, rows]; returns the tensor's name."""
        if self.columns == tuple(inputs) and not self.luminosity_bands:
            return "x"

        def row(name: str) -> str:
            return builder.rows("x", inputs.index(name), inputs.index(name) + 1)

        parts = ["x"] if self.columns == tuple(inputs) else [row(name) for name in self.columns]
        for band in self.luminosity_bands:
            shifted = builder.add("Sub", row(band), builder.constant(ZERO_MAGNITUDE))
            scaled = builder.add("Mul", shifted, builder.constant(0.2 * np.log(10)))
            a = builder.add("Mul", row("parallax"), builder.add("Exp", scaled))
            logarithm = builder.add("Log", builder.add("Max", a, builder.constant(LEAST)))
            parts.append(builder.add("Mul", logarithm, builder.constant(5 / np.log(10))))
        return builder.concat(parts)
