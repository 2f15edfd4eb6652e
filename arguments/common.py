"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UserError

SkyPath = Annotated[Path, typer.Argument(metavar="SKY", help="The workspace folder.")]
System = Annotated[str, typer.Argument(help="red_clump, photometry, distmass or parallax.")]
Cuts = Annotated[
    list[str] | None,
    typer.Option("--cut", metavar="NAME=VALUE", help="Replace a threshold in the workspace."),
]
Reads = Annotated[
    list[Path] | None,
    typer.Option("--read", metavar="PATH", help="A file or folder outside the workspace that the query may read."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="The file may be there already.")]
Trust = Annotated[
    bool, typer.Option("--trust", help="Let the query write files, attach databases, load extensions, change settings.")
]


def pairs(texts: list[str] | None, option: str) -> dict[str, str]:
    """NAME=VALUE options as a mapping.

    Raises
    ------
    UserError
        For a text that is not of this form.
    """
    found = {}
    for text in texts or []:
        name, equals, value = text.partition("=")
        if not (name and equals and value):
            raise UserError(f"{option} {text}: say it as {option} NAME=VALUE")
        found[name] = value
    return found
