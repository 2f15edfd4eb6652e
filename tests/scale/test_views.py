"""`score`, and which stars tiles are cut for."""

from __future__ import annotations

import pickle
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

pytest.importorskip("distributed", reason="needs the extra `scale`")

from candlesql import open_sky
from candlesql.errors import UserError
from candlesql.scale import score
from candlesql.scale.plan import one_base
from candlesql.sql.systems import system_steps
from candlesql.workspace.folder import Sky


@pytest.fixture(scope="module")
def crossmatched(mock_sky) -> pd.DataFrame:
    """What LSDB's crossmatch gives: a star's columns in four surveys, side by side, with suffixes."""
    suffixes = {"gaia_dr2": "", "twomass": "_2mass", "allwise": "_wise", "panstarrs1": "_ps1"}
    with open_sky(mock_sky) as sky:
        fields = ", ".join(
            f'{survey}."{name}" as "{name}{suffix}"'
            for survey, suffix in suffixes.items()
            for name, *_ in sky.execute(f"describe staging.{survey}").fetchall()
        )
        joins = "".join(
            f" left join match.gaia_dr2_{survey} as to_{survey} on to_{survey}.source_id = gaia_dr2.source_id"
            f" left join staging.{survey} as {survey} on {survey}.{key} = to_{survey}.{key}"
            for survey, key in (("twomass", "designation"), ("allwise", "designation"), ("panstarrs1", "obj_id"))
        )
        return sky.execute(f"select {fields} from staging.gaia_dr2 as gaia_dr2{joins}").df()


def test_score_gives_each_row_what_the_workspace_gives_its_star(crossmatched, mock_sky):
    surveys = {"gaia_dr2": "", "twomass": "_2mass", "allwise": "_wise", "panstarrs1": "_ps1"}
    function = pickle.loads(pickle.dumps(score("red_clump", surveys=surveys)))
    frame = crossmatched.set_index(crossmatched._healpix_29)
    made = function(frame)
    assert made.index.equals(frame.index)
    assert list(made.columns[: len(frame.columns)]) == list(frame.columns)
    with open_sky(mock_sky) as sky:
        theirs = sky.execute(
            "select source_id, scores.teff_k, scores.delta_p_s, tier from red_clump.scores as scores "
            "left join red_clump.giants using (source_id) where scores.teff_k is not null order by source_id"
        ).df()
    ours = made[made.teff_k.notna()].sort_values("source_id")
    assert ours.source_id.tolist() == theirs.source_id.tolist()
    for name in ("teff_k", "delta_p_s"):
        assert ours[name].astype(float).tolist() == pytest.approx(theirs[name].astype(float).tolist(), rel=2e-5)
    assert ours.tier.fillna(0).tolist() == theirs.tier.fillna(0).tolist()
    assert theirs.tier.notna().sum() > 10


def test_score_of_an_empty_frame_has_its_columns(crossmatched):
    made = score("red_clump")(crossmatched.head(0))
    assert {"teff_k", "tier", "p_rc"} <= set(made.columns)


def test_a_frame_that_lacks_a_column_is_refused(crossmatched):
    with pytest.raises(UserError, match="no column parallax, which survey gaia_dr2 requires"):
        score("red_clump", surveys={"gaia_dr2": ""})(crossmatched.drop(columns="parallax"))


def test_the_command_line_does_not_import_dask():
    code = (
        "import sys, candlesql.cli, candlesql.commands.run; "
        "print([name for name in ('dask', 'distributed', 'lsdb', 'hats') if name in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "[]"


def test_tiles_are_cut_for_one_gaia_release():
    steps = system_steps("red_clump")
    assert one_base(steps, ["gaia_dr3", "twomass"], Sky(Path("sky"))).base == "gaia_dr3"
    assert one_base(steps, ["mine"], Sky(Path("sky"))).bases == steps.bases
    with pytest.raises(UserError, match="sky: holds gaia_dr2 and gaia_dr3: a run by tiles takes the stars of one"):
        one_base(steps, ["gaia_dr3", "gaia_dr2"], Sky(Path("sky")))
