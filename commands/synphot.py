"""`candlesql synphot`: a user's spectra through the 13 bands, and the table of changes by [C/N] made of them.

Lucey et al. 2020, sections 2 and 5.2, compare what their networks depend on with how much a star's magnitudes change
when [C/N] does. Such a table is made from two model spectra, before and after the change:

    candlesql synphot sky rgb.txt rc.txt --change-cn -0.79

and is then `red_clump.expected_changes`, which `red_clump.gradient_strength` and the report set beside the derivatives.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import numpy as np
import pyarrow as pa

from ..errors import MissingPackage, UserError
from ..sql.open import open_sky, writing
from ..sql.place import write_product
from ..workspace.folder import Sky, existing_sky
from ..workspace.query import quoted

if TYPE_CHECKING:
    from types import ModuleType

#: Band of `photometric.bands` to filter curve in speclite: Gaia DR2 (Maíz Apellániz & Weiler 2018), Pan-STARRS1
#: (Tonry+2012), 2MASS (Cohen+2003), WISE (Wright+2010).
FILTERS = {
    "g": "gaiadr2-G",
    "bp": "gaiadr2-BP",
    "rp": "gaiadr2-RP",
    "ps1_g": "panstarrs-g",
    "ps1_r": "panstarrs-r",
    "ps1_i": "panstarrs-i",
    "ps1_z": "panstarrs-z",
    "ps1_y": "panstarrs-y",
    "j": "twomass-J",
    "h": "twomass-H",
    "ks": "twomass-Ks",
    "w1": "wise2010-W1",
    "w2": "wise2010-W2",
}
CHANGES = "red_clump.expected_changes"
SPECTRA = "red_clump.expected_spectra"
#: Bins of the spectra that are kept for the report: relative width in wavelength.
BIN = 1e-3

Spectrum = tuple[np.ndarray, np.ndarray]


def read_spectrum(path: str | Path) -> Spectrum:
    """Wavelength [Å, vacuum] and flux density per wavelength from a text file of two columns, `#` before remarks.

    Raises
    ------
    UserError
        If there is no such file, or it is no table of two or more numbers a line.
    """
    try:
        table = np.loadtxt(path, ndmin=2)
    except OSError as error:
        raise UserError(f"{error.strerror or error}", file=path) from None
    except ValueError as error:
        raise UserError(f"{error}; wanted are lines of wavelength [Angstrom] and flux", file=path) from None
    if table.shape[1] < 2:
        raise UserError("has one column; wanted are lines of wavelength [Angstrom] and flux", file=path)
    return table[:, 0], table[:, 1]


def ab_magnitudes(spectrum: Spectrum) -> dict[str, float]:
    """AB magnitudes of a spectrum in each band that it covers.

    Parameters
    ----------
    spectrum
        Wavelength [Å], ascending, shape [n], and flux density [erg s-1 cm-2 Å-1], shape [n]. In another unit all
        magnitudes shift by one number, which differences do not notice.

    Raises
    ------
    UserError
        If speclite is not installed, wavelengths do not ascend, a flux is not finite, or no band is covered.
    """
    filters = _speclite()
    wavelength, flux = (np.asarray(part, dtype=float) for part in spectrum)
    if wavelength.shape != flux.shape or not (np.diff(wavelength) > 0).all() or not np.isfinite(flux).all():
        raise UserError("spectrum: wavelengths must ascend, one for each flux, and every flux must be a number")
    found = {}
    for band, name in FILTERS.items():
        curve = filters.load_filter(name)
        if wavelength[0] <= curve.wavelength[0] and curve.wavelength[-1] <= wavelength[-1]:
            found[band] = float(curve.get_ab_magnitude(flux, wavelength))
    if not found:
        raise UserError(
            f"spectrum: {wavelength[0]:g} to {wavelength[-1]:g} covers none of the bands; is it in Angstrom?"
        )
    return found


def survey_magnitudes(connection: duckdb.DuckDBPyConnection, spectrum: Spectrum) -> dict[str, float]:
    """The same in the surveys' systems: AB for Pan-STARRS1, else Vega by the zero points of `photometric.bands`."""
    given = ab_magnitudes(spectrum)
    rows = ", ".join(f"({quoted(band)}, {value!r}::double)" for band, value in given.items())
    query = f"select band, photometric.in_model_system(band, 'AB', ab) from (values {rows}) as t(band, ab)"
    return dict(connection.execute(query).fetchall())


def write_expected_changes(
    path: str | Path, before: Spectrum, after: Spectrum, change_cn_dex: float, origin: str = "synthetic spectra"
) -> int:
    """Store the change of each magnitude from one spectrum to another as `red_clump.expected_changes`, and that of flux
    in bins of wavelength as `red_clump.expected_spectra`.

    Parameters
    ----------
    path
        The workspace.
    before, after
        Spectra of a giant before and after the change of [C/N], at the same Teff, log g and flux scale.
    change_cn_dex
        That change of [C/N] [dex], negative for the red clump.
    origin
        What the spectra are, for the report.

    Returns
    -------
    int
        Bands stored: those that both spectra cover.
    """
    sky = existing_sky(path)
    first, second = ab_magnitudes(before), ab_magnitudes(after)
    rows = ", ".join(
        f"({quoted(band)}, {second[band] - first[band]!r}::real, {float(change_cn_dex)!r}::real, {quoted(origin)})"
        for band in FILTERS
        if band in first and band in second
    )
    query = f"select * from (values {rows}) as t(band, change_mag, change_cn_dex, origin)"
    with writing(path, whole=True) as connection:
        _write_spectra(connection, sky, before, after, origin)
        target = sky.results / "red_clump_expected_changes.parquet"
        return write_product(connection, sky, CHANGES, query, target, origin, [])


def _write_spectra(
    connection: duckdb.DuckDBPyConnection, sky: Sky, before: Spectrum, after: Spectrum, origin: str
) -> None:
    connection.register("binned_change", binned_change(before, after))
    target = sky.results / "red_clump_expected_spectra.parquet"
    try:
        write_product(connection, sky, SPECTRA, "from binned_change", target, origin, [])
    finally:
        connection.unregister("binned_change")


def binned_change(before: Spectrum, after: Spectrum) -> pa.Table:
    """Where both spectra have light, in bins of wavelength a thousandth wide: `wavelength_low_um`, `flux` of the first
    over its largest, and `flux_change` from the first to the second, relative."""
    first, second = (_binned(spectrum) for spectrum in (before, after))
    both = sorted(number for number in first.keys() & second.keys() if first[number] > 0)
    largest = max((first[number] for number in both), default=1.0)
    found = {
        "wavelength_low_um": [math.exp(number * BIN) / 1e4 for number in both],
        "flux": [first[number] / largest for number in both],
        "flux_change": [second[number] / first[number] - 1 for number in both],
    }
    return pa.table({name: pa.array(values, pa.float32()) for name, values in found.items()})


def _binned(spectrum: Spectrum) -> dict[int, float]:
    """Mean flux by number of bin."""
    wavelength, flux = spectrum
    numbers, place, n = np.unique(
        np.floor(np.log(wavelength) / BIN).astype(int), return_inverse=True, return_counts=True
    )
    means = np.bincount(place, weights=flux) / n
    return dict(zip(numbers.tolist(), means.tolist(), strict=True))


def _speclite() -> ModuleType:
    try:
        import speclite.filters
    except ImportError:
        raise MissingPackage(
            "synthetic photometry needs speclite, which is not installed: pip install 'candlesql[spectra]'"
        ) from None
    return speclite.filters


def magnitudes_of(path: Path, file: Path) -> dict[str, float]:
    """Of one spectrum the magnitude by band, in the surveys' systems."""
    with open_sky(path, trust=False) as connection:
        return survey_magnitudes(connection, read_spectrum(file))


def synphot_command(path: Path, spectrum: Path, after: Path | None, change_cn: float | None) -> dict[str, float] | int:
    """`candlesql synphot`: magnitudes of one spectrum, or how many bands' changes from one to another are stored.

    Raises
    ------
    UserError
        If two spectra come without a change of [C/N], or one with it.
    """
    if after is None and change_cn is None:
        return magnitudes_of(path, spectrum)
    if after is None or change_cn is None:
        raise UserError("synphot: two spectra need --change-cn DEX, and one spectrum has none")
    said = f"{spectrum.name} to {after.name}"
    return write_expected_changes(path, read_spectrum(spectrum), read_spectrum(after), change_cn, said)
