"""What the commands do, for Python: each function returns what its command prints."""

from ..explore.command import explore
from ..report.command import report
from .catalogs import demo, fetch, ingest, match, region, spectra
from .results import export, frame, info, join, models, sky_map, table
from .systems import nmsu, reddening, run, score, synphot, train
from .values import Info, Joined, Made, Network, Product, Region

__all__ = [
    "Info",
    "Joined",
    "Made",
    "Network",
    "Product",
    "Region",
    "demo",
    "explore",
    "export",
    "fetch",
    "frame",
    "info",
    "ingest",
    "join",
    "match",
    "models",
    "nmsu",
    "reddening",
    "region",
    "report",
    "run",
    "score",
    "sky_map",
    "spectra",
    "synphot",
    "table",
    "train",
]
