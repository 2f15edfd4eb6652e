"""`candlesql train SKY red_clump` on a table of one's own."""

import duckdb
import pytest
from candlesql import open_sky

pytest.importorskip("torch", reason="the extra `train` is not installed")


@pytest.mark.heavy
def test_networks_of_the_bands_that_are_there(candlesql, quick, real_data, new_sky, tmp_path):
    """The networks that the workspace had before read other columns."""
    file = tmp_path / "apo_k2.csv"
    duckdb.sql(f"copy (from '{real_data('apo_k2/apo_k2.csv')}' limit 500) to '{file}'")
    sky = new_sky(tmp_path / "sky", {"apo_k2": file})
    done = candlesql("train", sky, "red_clump")
    assert done.code == 0, done.err
    assert "p_rc: n " in done.out
    with open_sky(sky) as connection:
        ((p,),) = connection.execute("select red_clump.p_rc(12.1, 11.5, 0.5)").fetchall()
    assert 0 < p < 1
