"""Reddening priors from maps that answer as `dustmaps` does, with dust that is known."""

import re
import sys
from pathlib import Path
from types import ModuleType

import astropy.units as u
import candlesql
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.coordinates import SkyCoord
from candlesql.commands.ingest import ingest_survey
from candlesql.commands.reddening import Sight, open_maps, reddening_priors, write_priors
from candlesql.errors import UserError

ROOT = Path(__file__).parents[2]
WHOLE = 0.5  # mag


def sheet(coords: SkyCoord) -> np.ndarray:
    """The same dust everywhere, to infinity."""
    return np.full(coords.shape, WHOLE, "f4")


def slab(coords: SkyCoord) -> np.ndarray:
    """0.1 mag a kpc in front of a star; nothing known south of the equator at -30 degrees."""
    e = 0.1 * coords.distance.to_value(u.kpc)
    return np.where(coords.icrs.dec.deg > -30, e, np.nan).astype("f4")


def sight(l_deg, b_deg, parallax, error):
    return Sight(SkyCoord(l_deg, b_deg, unit="deg", frame="galactic").icrs, np.array(parallax), np.array(error))


def test_rules_of_section_3_3():
    far, near, weak, southern, close = range(5)
    stars = sight(
        [90.0, 90.0, 90.0, 300.0, 90.0],
        [60.0, 5.0, 5.0, -5.0, 60.0],
        [1.0, 1.0, 0.2, 1.0, 10.0],
        [0.02, 0.02, 0.1, 0.02, 0.02],
    )
    ebv, error = reddening_priors(stars, sheet, slab)
    # sin 60 deg / 1.02 mas = 0.85 kpc above the plane: SFD, 10 % and 0.02 mag
    assert (ebv[far], error[far]) == pytest.approx((WHOLE, np.hypot(0.05, 0.02)))
    # 1 kpc: 0.1 mag; distances scatter by 2 %, 10 % of 0.1 mag and 0.02 mag on top
    assert ebv[near] == pytest.approx(0.1, abs=0.003)
    assert error[near] == pytest.approx(np.sqrt(0.002**2 + 0.01**2 + 0.02**2), abs=3e-4)
    # parallax of 2 standard deviations, or no map: 0 with SFD's value as the error
    for star in (weak, southern):
        assert (ebv[star], error[star]) == pytest.approx((0.0, np.hypot(WHOLE, 0.02)))
    assert ebv[close] == pytest.approx(0.01, abs=1e-3)  # 87 pc above the plane


def test_without_a_parallax_or_bayestar():
    stars = sight([90.0, 90.0, 90.0], [60.0, 60.0, 5.0], [np.nan, -0.5, 1.0], [np.nan, 0.1, 0.01])
    ebv, error = reddening_priors(stars, sheet, None)
    assert ebv == pytest.approx([0.0, WHOLE, 0.0])
    assert error == pytest.approx([np.hypot(WHOLE, 0.02), np.hypot(0.05, 0.02), np.hypot(WHOLE, 0.02)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a workspace of two stars: 7 at 1 kpc near the plane, 8 without a parallax."""
    folder = tmp_path_factory.mktemp("dust")
    table = pa.table({"source_id": [7, 8], "ra": [10.0, 20.0], "dec": [60.0, 60.0], "parallax": [1.0, None],
                      "parallax_error": [0.01, None], "phot_g_mean_mag": [13.0, 13.0]})  # fmt: skip
    pq.write_table(table, folder / "gaia.parquet")
    ingest_survey(folder / "sky", "gaia_dr2", [folder / "gaia.parquet"], {}, {})
    return folder


def test_a_workspace_gets_priors(folder):
    assert write_priors(folder / "sky", folder / "priors.parquet", sheet, slab) == 2
    ingest_survey(folder / "sky", "reddening", [folder / "priors.parquet"], {}, {})
    with candlesql.open_sky(folder / "sky") as connection:
        rows = connection.execute(
            "select source_id, ebv_prior, ebv_prior_error from photometry.inputs order by source_id"
        ).fetchall()
    assert rows[0][:2] == (7, pytest.approx(0.1, abs=0.01))
    assert rows[1] == (8, 0.0, pytest.approx(np.hypot(WHOLE, 0.02)))


def test_the_example_in_the_documents_runs_with_a_map_that_answers_like_dustmaps(folder, monkeypatch):
    """The block of docs/photometry.md, with a stand-in for the map that cannot be had here."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "docs/photometry.md").read_text(), re.DOTALL)
    (example,) = [block for block in blocks if "SFDQuery" in block]
    stand_in = ModuleType("dustmaps.sfd")
    monkeypatch.setattr(stand_in, "SFDQuery", lambda: sheet, raising=False)
    monkeypatch.setitem(sys.modules, "dustmaps", ModuleType("dustmaps"))
    monkeypatch.setitem(sys.modules, "dustmaps.sfd", stand_in)
    monkeypatch.chdir(folder)
    exec(example, {})
    rows = pq.read_table("reddening.parquet").to_pylist()
    assert [row["source_id"] for row in rows] == [7, 8]
    assert [row["ebv_prior"] for row in rows] == [0.0, 0.0]
    assert [row["ebv_prior_error"] for row in rows] == pytest.approx([np.hypot(WHOLE, 0.02)] * 2)


def test_missing_package_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "dustmaps.bayestar", None)
    monkeypatch.setitem(sys.modules, "dustmaps.sfd", None)
    with pytest.raises(UserError, match=r"candlesql\[dust\]"):
        open_maps()
