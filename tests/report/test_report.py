"""`candlesql report`: one page that needs no other file, a picture for each figure, a word where there are no rows."""

from __future__ import annotations

import html
import importlib.util
import re
import shutil

import duckdb
import numpy as np
import pytest
from candlesql import open_sky

pytest.importorskip("matplotlib", reason="matplotlib is not installed (extra `report`)")

from candlesql.report import galaxy, mixing, networks, page, parameters, selection
from candlesql.report.figure import cells, columns, panels, present, shares, where

PLOTS = (*parameters.PLOTS, *selection.PLOTS, *galaxy.PLOTS, *networks.PLOTS, *mixing.PLOTS)


@pytest.fixture(scope="module")
def sky(mock_sky, tmp_path_factory):
    """A copy of the mock sky, for the products that a report makes."""
    return shutil.copytree(mock_sky, tmp_path_factory.mktemp("report") / "sky")


@pytest.mark.filterwarnings("error::UserWarning")
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


@pytest.fixture
def views():
    """A connection whose schema `red_clump` is empty: a test makes the views that it draws from."""
    with duckdb.connect() as connection:
        connection.execute("create schema red_clump")
        yield connection


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(("parameters", "n_panels"), [(["p_rc"], None), (["logg", "delta_nu_uhz"], 4)])
def test_errors_are_drawn_of_what_has_them(views, parameters, n_panels):
    """A sky of labels without colours has no errors of G - W2, so none of Teff and DeltaP is drawn."""
    views.execute(
        "create view red_clump.sigma_bins as "
        f"select unnest({parameters}) as parameter, 'parallax' as input, 'all' as subset, 0.1 as input_error_low, "
        "20 as n, 1 as sigma_lowest, 2 as sigma_low, 3 as sigma_median, 4 as sigma_high, 5 as sigma_highest"
    )
    figure = networks.sigmas(views)
    assert (None if figure is None else len(figure.axes)) == n_panels


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(("references", "n_panels"), [(["parallax"], 1), (["parallax", "truth"], 2), (["label"], None)])
def test_distances_without_truth_have_no_panel_for_it(views, references, n_panels):
    views.execute(
        "create view red_clump.distance_cells as "
        f"select 'distance' as parameter, unnest({references}) as reference, 0.31 as log_reference_low, "
        "0.3 as log_distance_low, 5 as n"
    )
    views.execute(
        "create view red_clump.validation as "
        "select 'distance' as parameter, 'parallax' as reference, 0.01 as bias, 0.05 as robust_scatter"
    )
    figure = galaxy.distance_comparison(views)
    if n_panels is None:
        assert figure is None
    else:
        *drawn, _ = figure.axes
        assert len(drawn) == n_panels
        assert all("distance [kpc]" in ax.get_ylabel() for ax in drawn)


@pytest.mark.filterwarnings("error::UserWarning")
def test_axes_end_where_the_drawn_steps_do(views):
    """20 +- 2 %: the axis ends at 30 %, where no selection (68 %) is not drawn; only what has 20 stars counts."""
    views.execute(
        "create view red_clump.final_curves as select *, 0.02 as contamination_error, 0.1 as contamination_so_far from "
        "(values (1, 'abs_b_deg', 10, 50, 0.1), (2, 'abs_b_deg', 10, 90, 0.2), (2, 'g_error_ratio', 0, 3, 0.95)) "
        "as t(tier, along, low, n, contamination)"
    )
    views.execute("create view red_clump.tiers as select 0.32 as base_rate")
    figure = selection.final_contamination(views)
    tops = [ax.get_ylim()[1] for ax in figure.axes if ax.get_ylabel() == "contamination [%]"]
    assert tops == [30, 30]


@pytest.mark.parametrize(
    ("values", "top"), [([12.0, 41.0], 50), ([3.0], 10), ([np.nan], 10), ([], 10), ([66.0, np.nan], 70), ([100.0], 100)]
)
def test_scales_of_shares_hold_every_value(values, top):
    norm = shares(np.array(values))
    assert (norm.vmin, norm.vmax) == (0, top)


def test_blocks_hold_whole_bins():
    """Bins of 50 K and 0.1 dex in blocks of two; 2.4 and 0.2 do not divide evenly in binary."""
    assert selection._blocks(np.array([4550.0, 4700.0]), 100).tolist() == [4500, 4600, 4700, 4800]
    assert selection._blocks(np.array([2.4, 2.5]), 0.2) == pytest.approx([2.4, 2.6])


def test_values_that_are_present_keep_their_order():
    table = {"parameter": np.array(["joint_logg", "teff_k", "ebv"])}
    assert present(table, "parameter", ("teff_k", "logg", "delta_p_s"), "joint_") == ["teff_k", "logg"]


@pytest.fixture
def changes(views):
    """A view of three bands and one change of [C/N], as synphot writes it."""
    views.execute(
        """
        create view red_clump.expected_changes as select 'two spectra' as origin, -0.5 as change_cn_dex;
        create view red_clump.band_signal as
        select unnest(['ps1_g', 'j', 'w2']) as band, unnest([0.5, 1.2, 4.6]) as wavelength_um,
            unnest([0.004, 0.01, -0.02]) as change_mag, unnest([0.5, 0.4, 0.8]) as signal_to_noise;
        """
    )
    return views


@pytest.mark.filterwarnings("error::UserWarning")
@pytest.mark.parametrize(("spectra", "n_panels"), [("where false", 2), ("", 3)])
def test_the_signal_of_spectra(changes, spectra, n_panels):
    changes.execute(
        "create view red_clump.expected_spectra as select unnest([0.5, 1.2, 4.0]) as wavelength_low_um, "
        f"unnest([1, 0.5, 0.1]) as flux, unnest([0.0, -0.01, 0.02]) as flux_change {spectra}"
    )
    axes = mixing.signal(changes).axes
    assert len(axes) == n_panels
    assert [bar.get_height() for bar in axes[-2].patches] == pytest.approx([4, 10, -20])
    assert [text.get_text() for text in axes[-1].get_xticklabels()] == ["g$_{\\rm P1}$", "J", "W2"]
    assert axes[-2].get_title() == "two spectra, [C/N] -0.50 dex"
    assert n_panels == 2 or axes[0].lines[0].get_ydata() == pytest.approx([0, -1, 2])


def test_lines_of_mass_stand_where_the_mass_is(views):
    """Mass falls by a tenth from cell to cell of 50 K, from 1.55 in the middle of the coolest, 4525 K."""
    views.execute(
        """
        create view red_clump.mixing_cells as
        select 4500.0 + 50 * i as teff_low_k, 2.0 + 0.05 * j as logg_low, 'models' as origin, 9 as n,
            -0.5 - 0.01 * i as change_cn_dex, 1.55 - 0.1 * i as mass_msun, 0.05 as feh
        from range(5) as t(i), range(3) as s(j);
        create view red_clump.mixing as
        select mass_msun, change_cn_dex, feh from red_clump.mixing_cells;
        """
    )
    axes = mixing.mixing(views).axes
    (drawn,) = [one for one in axes[0].collections if hasattr(one, "levels")]
    assert list(drawn.levels) == [1.2, 1.5]
    heavy = np.concatenate(drawn.allsegs[1])  # in pieces, about what it says
    assert heavy[:, 0] == pytest.approx(4525 + 0.05 / 0.1 * 50)
    assert (heavy[:, 1].min(), heavy[:, 1].max()) == pytest.approx((2.025, 2.125))
    assert axes[0].get_title() == "135 red clump stars: models"
