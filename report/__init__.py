"""The figures of Lucey et al. 2020, drawn from the views of a workspace."""

import os
import sys
from pathlib import Path
from types import ModuleType

from ..udfs.cache import cache_folder

#: Before Matplotlib is imported, which writes a list of fonts where it finds none.
os.environ.setdefault("MPLCONFIGDIR", str(cache_folder() / "matplotlib"))


class _Report(ModuleType):
    """This package, which `candlesql.report(sky)` calls: importing a package puts it where its parent has the name."""

    def __call__(self, sky: str | Path, output: str | Path | None = None) -> Path:
        from .command import report

        return report(sky, output)


sys.modules[__name__].__class__ = _Report
