"""What a change of [C/N] does to magnitudes, and how it varies over the red clump, by hand."""

from __future__ import annotations

import pytest
from candlesql.tests.sql.tables import Case

TRUTH = "staging.mock_truth(phase, teff_k, logg, feh, mass_msun)"
MODELS = "staging.cn_models(model, teff_k, logg, feh, mass_msun, change_cn_dex)"
NO_MODELS = {
    "staging.cn_models": "select 1::real as teff_k, 1::real as logg, 1::real as feh, 1::real as mass_msun, 1::real as change_cn_dex where false"
}
CELLS = "red_clump.mixing_cells(teff_low_k, logg_low, n, change_cn_dex)"
CASES = [
    # half of poor times a fifth of light: 0.30 + 0.65 * 0.5 * 0.2; the others are no red clump, no giant by Teff, by log g
    Case("red_clump.mixing", "teff_k, logg, feh, round(mass_msun, 2), round(change_cn_dex, 3), origin", given={
        **NO_MODELS, TRUTH: "(3, 4800, 2.4, -0.275, 1.77), (2, 4800, 2.4, -0.275, 1.77), (3, 5600, 2.4, 0, 1), (3, 4800, 3.6, 0, 1)"},
        rows=[(4800, 2.4, -0.275, 1.77, -0.365, "mock sky")]),
    Case("red_clump.mixing", "teff_k, logg, feh, mass_msun, change_cn_dex, origin", given={
        MODELS: "('z014', 4700, 2.5, 0.0, 1.5, -0.5)", TRUTH: "(3, 4800, 2.4, 0.0, 1.5)"},
        rows=[(4700, 2.5, 0.0, 1.5, -0.5, "models")]),
    # 4800 to 4850 K and log g 2.4 to 2.45 hold five of the mock's; four stars are no cell, one model is
    Case("red_clump.mixing_cells", "teff_low_k, round(logg_low, 2), origin, n, change_cn_dex, mass_msun, feh", given={
        "red_clump.mixing(teff_k, logg, feh, mass_msun, change_cn_dex, origin)":
        """(4800, 2.41, -1.0, 1.0, -0.9, 'mock sky'), (4810, 2.42, -0.9, 1.1, -0.8, 'mock sky'), (4849, 2.43, 0.1, 1.2, -0.7, 'mock sky'),
           (4820, 2.44, 0.2, 2.0, -0.4, 'mock sky'), (4830, 2.44, 0.3, 2.5, -0.3, 'mock sky'), (4851, 2.44, 0.3, 2.5, -0.3, 'mock sky'),
           (4852, 2.44, 0.3, 2.5, -0.3, 'mock sky'), (4853, 2.44, 0.3, 2.5, -0.3, 'mock sky'), (4854, 2.44, 0.3, 2.5, -0.3, 'mock sky'),
           (5010, 2.51, 0.0, 3.0, -0.2, 'models')"""},
        rows=[(4800, 2.4, "mock sky", 5, -0.7, 1.2, 0.1), (5000, 2.5, "models", 1, -0.2, 3.0, 0.0)]),
    # half of the change of [C/N] makes half of the change of magnitude; a change of none says nothing
    Case("red_clump.mixing_changes", "band, magnitude_column, teff_low_k, logg_low, n, round(change_mag, 6)", given={
        CELLS: "(4800, 2.4, 5, -0.4), (4850, 2.4, 6, -0.2)",
        "red_clump.expected_changes(band, change_mag, change_cn_dex)": "('h', 0.004, -0.8), ('w2', -0.024, -0.8), ('j', 0.01, 0.0)",
        "photometric.bands(band, magnitude_column)": "('h', 'h_m'), ('w2', 'w2mpro'), ('j', 'j_m')"},
        rows=[("h", "h_m", 4800, 2.4, 5, 0.002), ("h", "h_m", 4850, 2.4, 6, 0.001), ("w2", "w2mpro", 4800, 2.4, 5, -0.012), ("w2", "w2mpro", 4850, 2.4, 6, -0.006)]),
    Case("red_clump.band_signal", "band, wavelength_um, change_mag, typical_error_mag, round(signal_to_noise, 6)", given={
        "red_clump.expected_changes(band, change_mag)": "('w2', -0.013), ('g', 0.001), ('ps1_y', 0.018)",
        "photometric.bands(band, wavelength_um)": "('w2', 4.6), ('g', 0.6), ('ps1_y', 0.96), ('j', 1.2)"},
        rows=[("g", 0.6, 0.001, 0.002, 0.5), ("ps1_y", 0.96, 0.018, 0.012, 1.5), ("w2", 4.6, -0.013, 0.026, 0.5)]),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_rows(case, database):
    case.check(database)


#: Richer than 0.15 dex or heavier than 2 Msun it is 0.30; poorer than -0.87 and lighter than 0.85 it is 0.30 + 0.65 * 1.2.
@pytest.mark.parametrize(
    ("iron", "mass", "change"),
    [
        (0.15, 1.0, -0.30), (0.5, 1.0, -0.30), (-0.7, 2.0, -0.30), (-0.7, 3.0, -0.30), (-0.7, 0.85, -0.95),
        (-0.7, 0.5, -0.95), (-0.87, 0.85, -1.08), (-2.5, 0.7, -1.08), (-0.7, 1.425, -0.625),
    ],
)  # fmt: skip
def test_the_mock_mixes_light_and_poor_stars_more(value, iron, mass, change):
    assert value(f"red_clump.mock_cn_change({iron}, {mass})") == pytest.approx(change)
