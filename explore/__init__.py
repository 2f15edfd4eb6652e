"""A page in the browser over a workspace's views, whose cuts are moved by hand."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .command import Explorer


class _Explore(ModuleType):
    """This package, which `candlesql.explore(sky)` calls: importing a package puts it where its parent has the name."""

    def __call__(self, sky: str | Path, port: int = 0) -> Explorer:
        from .command import explore

        return explore(sky, port)


sys.modules[__name__].__class__ = _Explore
