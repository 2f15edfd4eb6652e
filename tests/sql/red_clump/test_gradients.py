"""Derivatives of the shipped networks over labelled giants: two routes, and what is written when."""

from __future__ import annotations

import shutil

import numpy as np
import pytest
from candlesql import open_sky
from candlesql.catalogs.mock.parameters import CN_RESPONSE
from candlesql.commands.steps.gradients import write_gradients, write_mock_changes
from candlesql.workspace.folder import find_sky


@pytest.fixture(scope="module")
def written(mock_sky, tmp_path_factory):
    """An open copy of the mock sky, which `run` gave its derivatives, and the workspace."""
    sky = find_sky(shutil.copytree(mock_sky, tmp_path_factory.mktemp("gradients") / "sky"))
    with open_sky(sky.root, read_only=False) as connection:
        yield connection, sky


def test_a_row_for_each_giant_and_input(written):
    connection, sky = written
    giants, inputs, rows = connection.execute(
        "select count(distinct source_id), count(distinct input), count(*) from red_clump.gradients"
    ).fetchall()[0]
    (changes,) = connection.execute("select count(*) from red_clump.expected_changes").fetchall()[0]
    assert inputs == 14
    assert rows == 14 * giants > 0
    assert changes == 13
    assert write_gradients(connection, sky) is None, "they are fresh"
    assert write_mock_changes(connection, sky) is None, "others would be overwritten"


@pytest.mark.parametrize("output", ["teff_k", "logg", "delta_p_s", "joint_delta_p_s", "p_rc"])
def test_exact_derivatives_are_those_of_small_steps(written, output):
    table = written[0].sql(f"select d_{output} as exact, step_{output} as step from red_clump.gradients").fetchnumpy()
    exact, step = table["exact"].astype(float), table["step"].astype(float)
    scale = np.percentile(np.abs(exact), 90)
    assert scale > 0
    assert np.percentile(np.abs(exact - step), 90) < 0.01 * scale


def test_the_mock_knows_its_own_changes(written):
    changes = dict(written[0].execute("select band, change_mag from red_clump.expected_changes").fetchall())
    assert len(changes) == 13
    assert changes["w2"] == pytest.approx(CN_RESPONSE[-1])
    least = written[0].execute("select min(change_cn_dex) from red_clump.expected_changes").fetchone()
    assert least == (pytest.approx(-0.79),)
