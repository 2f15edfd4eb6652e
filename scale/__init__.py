"""The same views and the same networks over HATS partitions, on Dask; needs `pip install 'candlesql[scale]'`."""

from .frames import score

__all__ = ["score"]
