"""Where the files of models lie: those that the package ships, and before them a workspace's own."""

from __future__ import annotations

from pathlib import Path

from ..errors import UserError

MOST_BYTES = 1 << 28
SHIPPED = Path(__file__).parent / "models"
#: What the name of a hull's file ends with.
HULL = "_hull"


def model_files(own: Path) -> dict[str, Path]:
    """Model name to file: the shipped ones, and before them a workspace's own."""
    return _files(own, "*.onnx")


def hull_files(own: Path) -> dict[str, Path]:
    """Name of the function that tells whether a row is inside a hull, to the hull's file."""
    return {f"{name.removesuffix(HULL)}_inside_hull": path for name, path in _files(own, f"*{HULL}.npz").items()}


def spectral_files(own: Path) -> dict[str, Path]:
    """Model name to file of the models over spectra: the shipped ones, and before them a workspace's own."""
    return _files(own, "spectra/*.onnx")


def _files(own: Path, pattern: str) -> dict[str, Path]:
    return {path.stem: _refuse_large(path) for folder in (SHIPPED, own) for path in sorted(folder.glob(pattern))}


def _refuse_large(path: Path) -> Path:
    """A model is read whole."""
    if path.stat().st_size > MOST_BYTES:
        raise UserError(f"has {path.stat().st_size:,} bytes; a model has less than {MOST_BYTES:,}", file=path)
    return path
