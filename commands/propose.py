"""`candlesql ingest` of a table without a survey: a survey file for it, proposed."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..catalogs.any_table import as_parquet
from ..catalogs.proposal import Proposal, propose
from ..catalogs.readers import READERS, catalog_files, split_hdu
from ..catalogs.remote.address import Address, Place, place_of
from ..catalogs.survey import read_survey, survey_files
from ..errors import RefusedFile, UserError
from ..workspace.connection import in_memory
from ..workspace.folder import find_sky

MOST_NAMED = 12


def is_table(path: Path, name: str) -> bool:
    """Whether what stands in the place of a survey's name is a table: a file, folder or address, and no survey.

    Raises
    ------
    UserError
        If it has the name of a table, and is not there.
    """
    if isinstance(place_of(name), Address):
        return True
    file = split_hdu(Path(name))[0]
    if name in survey_files(find_sky(path).surveys) or file.suffix == ".toml":
        return False
    if file.suffix.lower() in READERS and not file.exists():
        raise RefusedFile("no such file", file=file)
    return file.exists()


def propose_survey(path: Path, files: Sequence[Place]) -> Iterator[str]:
    """Write a survey file for a table beside where the command runs, and say what it makes of the table's columns.

    Raises
    ------
    UserError
        If a file of that name is there already, no column is an identifier, or photometry is of no known band; the
        survey file is written nevertheless in the last case.
    """
    surveys = find_sky(path).surveys
    file = catalog_files(files)[0]
    target = _target(file, surveys)
    with (
        tempfile.TemporaryDirectory() as folder,
        in_memory() as connection,
        as_parquet(connection, file, Path(folder) / "rows") as theirs,
    ):
        proposal = propose(connection, theirs)
    text = f"{_header(path, files, target, proposal)}{proposal.text}"
    target.write_text(text, encoding="utf-8")
    read_survey(target, surveys)
    yield f"{target}: proposed for {file.name}; look at it, change what is wrong, then"
    yield f"  {_next(path, files, target, proposal)}"
    for ours, name in proposal.known.items():
        yield f"  {name} is {ours}" if name != ours else f"  {name}"
    if proposal.survey:
        yield f"It looks like the survey {proposal.survey}: candlesql ingest {path} {proposal.survey} {file}"
    if proposal.unknown:
        names = ", ".join(proposal.unknown[:MOST_NAMED]) + (" …" if len(proposal.unknown) > MOST_NAMED else "")
        raise UserError(
            f"photometry of no known band ({len(proposal.unknown)}): {names}; no view will read it unless you put such "
            "a name into the aka of a band",
            file=target,
        )


def _target(file: Place, surveys: Path) -> Path:
    stem = (
        re.sub(
            r"\W+", "_", (split_hdu(file)[0] if isinstance(file, Path) else file).name.split(".")[0], flags=re.ASCII
        ).strip("_")
        or "mine"
    )
    stem = f"my_{stem}" if stem in survey_files(surveys) or stem[0].isdigit() else stem
    target = Path(f"{stem}.toml")
    if target.exists():
        raise RefusedFile(
            f"is there already; ingest with it (candlesql ingest SKY {target} {file}), or take it away", file=target
        )
    return target


def _next(path: Path, files: Sequence[Place], target: Path, proposal: Proposal) -> str:
    units = "".join(f" --unit {name}={unit}" for name, unit in proposal.units.items())
    return f"candlesql ingest {path} {target} {' '.join(map(str, files))}{units}"


def _header(path: Path, files: Sequence[Place], target: Path, proposal: Proposal) -> str:
    name = files[0].name
    return (
        f"# Proposed for {name} by names, UCDs and units of its columns. Look at it, change what is wrong, then\n"
        f"#   {_next(path, files, target, proposal)}\n"
        f'title = "Rows of {name}"\n'
        'citation = "the user\'s own"\n'
    )
