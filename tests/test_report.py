"""`candlesql report`: one page that needs no other file, a picture for each figure, a word where there are no rows."""

from __future__ import annotations

import html
import importlib.util
import re
import shutil

import pytest
from candlesql import open_sky

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `report`)")

from candlesql.sql.report import galaxy, networks, page, parameters, selection
from candlesql.sql.report.figure import cells, columns, panels, where

PLOTS = (*parameters.PLOTS, *selection.PLOTS, *galaxy.PLOTS, *networks.PLOTS)


@pytest.fixture(scope="module")
def sky(mock_sky, tmp_path_factory):
    """A copy of the mock sky, for the products that a report makes."""
    return shutil.copytree(mock_sky, tmp_path_factory.mktemp("report") / "sky")


def test_a_report_is_one_page_with_every_figure(sky, candlesql, tmp_path):
    done = candlesql("report", sky, "--output", tmp_path / "out")
    assert (done.code, done.err) == (0, "")
    text = (tmp_path / "out/report.html").read_text()
    assert not re.search(r'(src|href)="(?!data:image/png;base64,|#)', text)
    for plot in PLOTS:
        assert html.escape(plot.title) in text
        assert html.escape(plot.caption) in text
        file = tmp_path / f"out/{plot.name}.png"
        assert file.exists() != (f"{plot.name}: no rows" in done.out.splitlines())
        assert not file.exists() or file.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    assert text.count("data:image/png") == len(list((tmp_path / "out").glob("*.png"))) >= 10


def test_every_view_that_a_caption_names_exists(sky):
    with open_sky(sky) as connection:
        for plot in PLOTS:
            named = re.findall(r"red_clump\.\w+", plot.caption)
            assert named, plot.name
            for view in named:
                connection.execute(f"from {view} limit 0")


def test_no_rows_are_no_figure(empty_sky):
    with open_sky(empty_sky) as connection:
        assert [plot.name for plot in PLOTS if plot.draw(connection) is not None] == []
        for entry in page.TABLES:
            assert "<table>" in page.table(connection, *entry)


def test_without_scores_the_way_out_is_named(tiny_sky, candlesql):
    done = candlesql("report", tiny_sky)
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "candlesql run" in done.err


def test_without_matplotlib_one_line_names_the_extra(sky, candlesql, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    done = candlesql("report", sky)
    assert done.code == 2
    assert done.err.strip().endswith("pip install 'candlesql[report]'")


def test_a_file_in_the_way_is_told(sky, candlesql, tmp_path):
    (tmp_path / "taken").write_text("")
    done = candlesql("report", sky, "--output", tmp_path / "taken")
    assert (done.code, "taken" in done.err, done.err.count("\n")) == (2, True, 1)


def test_cells_stand_where_their_edges_say(sky):
    with open_sky(sky) as connection:
        table = columns(
            connection, "select * from (values (1.0, 10.0, 5), (1.5, 30.0, 7), (1.5, 10.0, null)) as t(x, y, n)"
        )
    _, axes = panels(1, 1)
    image = cells(axes[0, 0], table["x"], table["y"], table["n"], (0.5, 10))
    assert image.get_extent() == [1.0, 2.0, 10.0, 40.0]
    shown = image.get_array()
    assert shown.shape == (3, 2)
    assert (shown[0, 0], shown[2, 1]) == (5, 7)
    assert shown.mask.sum() == 4
    assert list(where(table, x=1.5)["y"]) == [30.0, 10.0]
