"""The page in a real browser: what it shows is what SQL says, whatever is brushed, moved or missing."""

from __future__ import annotations

import re
import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from candlesql import open_sky
from candlesql.explore.command import Explorer

CHROMIUM = shutil.which("chromium")
sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium here")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 120_000


@pytest.fixture(scope="module")
def browser(tmp_path_factory) -> Iterator:
    with sync_api.sync_playwright() as playwright:
        profile = str(tmp_path_factory.mktemp("profile"))
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=CHROMIUM, args=FLAGS, viewport={"width": 1280, "height": 900}
        )
        context.set_default_timeout(PATIENCE)
        yield context
        context.close()


@pytest.fixture
def opened(browser) -> Iterator:
    """`opened(url)` gives a tab with its pictures drawn; what its console complains of fails the test."""
    pages, wrong = [], []

    def opens(url: str):
        page = browser.new_page()
        pages.append(page)
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.goto(url)
        page.wait_for_selector("#panels .panel:nth-child(8)[data-drawn]")
        page.wait_for_selector("#selected[data-n]")
        return page

    yield opens
    for page in pages:
        page.close()
    assert not wrong


def selected(page) -> int:
    return int(page.locator("#selected").get_attribute("data-n"))


def awaits(page, n: int) -> None:
    """Wait until so many stars are said to be selected."""
    page.wait_for_selector(f'#selected[data-n="{n}"]')


def count(sky: Path, condition: str = "true", **variables: str) -> int:
    with open_sky(sky) as connection:
        for name, value in variables.items():
            connection.execute(f"set variable {name} = {value}")
        return connection.execute(f"select count(*) from red_clump.catalogue where {condition}").fetchall()[0][0]


def cell(page, line: str, tier: int) -> str:
    return page.locator(f'#numbers tr:has(th:text-is("{line}")) td').nth(tier - 1).inner_text()


def plot(page, name: str):
    return page.locator(f'.plot[aria-labelledby="title-{name}"]')


def move(page, name: str, value: object) -> None:
    """Type a cut into its field."""
    field = page.locator(f"#cut-{name}")
    if not field.is_visible():
        page.locator(f"details:has(#cut-{name}) summary").click()
    table = page.locator("body").get_attribute("data-table")
    field.fill(str(value))
    field.press("Tab")
    page.wait_for_selector(f'body:not([data-table="{table}"])')
    page.wait_for_selector('#numbers[aria-busy="false"]')


@pytest.mark.heavy
def test_a_brush_by_mouse_and_a_tier_select_what_sql_selects(opened, served, mock_sky):
    page = opened(served.url)
    assert selected(page) == count(mock_sky)
    plot(page, "p_rc").scroll_into_view_if_needed()
    box = plot(page, "p_rc").bounding_box()
    width = box["width"] - 44 - 8
    page.mouse.move(box["x"] + 44 + width * 32.5 / 64, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + 44 + width * 45.5 / 64, box["y"] + 60, steps=4)
    page.mouse.up()
    high = 1.000001 * 46 / 64
    likely = f"p_rc >= {1.000001 * 32 / 64} and p_rc < {high}"
    awaits(page, count(mock_sky, likely))
    assert page.locator("#said-p_rc").inner_text() == "P(RC) 0.5 to 0.72"
    page.get_by_role("radio", name="tier 2").check()
    awaits(page, count(mock_sky, f"{likely} and tier is not null"))
    with page.expect_download() as download:
        page.locator("#format").select_option("csv")
        page.get_by_role("button", name="Export").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert len(lines) - 1 == selected(page)
    page.get_by_role("button", name="Clear brushes").click()
    awaits(page, count(mock_sky, "tier is not null"))


def test_a_brush_by_keys_alone(opened, served, mock_sky):
    page = opened(served.url)
    plot(page, "kiel").focus()
    page.keyboard.press("Enter")
    step, low = 25.0, 3900

    def teff(first: int, last: int) -> str:
        return f"teff_k >= {low + first * step} and teff_k < {low + (last + 1) * step}"

    logg = "logg >= 2.1 and logg < 2.7375"
    awaits(page, count(mock_sky, f"{teff(24, 40)} and {logg}"))
    page.keyboard.press("ArrowLeft")  # the axis is reversed: hotter
    awaits(page, count(mock_sky, f"{teff(25, 41)} and {logg}"))
    page.keyboard.press("Shift+ArrowLeft")
    awaits(page, count(mock_sky, f"{teff(26, 41)} and {logg}"))
    page.keyboard.press("Escape")
    awaits(page, count(mock_sky))


@pytest.mark.heavy
def test_every_control_can_be_reached_by_tab(opened, served):
    page = opened(served.url)
    page.locator("body").click(position={"x": 2, "y": 2})
    wanted = {"tier", "cut-tier1_min_delta_p", "command", "copy", "format", "title-sky", "title-xz", "reset"}
    seen: set[str] = set()
    say = """node => node.id || node.name || node.getAttribute('aria-labelledby') || node.textContent"""
    for _ in range(60):
        page.keyboard.press("Tab")
        seen.add(page.locator(":focus").evaluate(say) if page.locator(":focus").count() else "")
        if wanted <= seen:
            return
    assert wanted <= seen


@pytest.mark.heavy
def test_a_moved_cut_gives_what_sql_gives_and_its_command(opened, served, mock_sky):
    page = opened(served.url)
    move(page, "tier1_min_delta_p", 240)
    moved = {"tier1_min_delta_p": "240"}
    assert cell(page, "stars", 1) == f"{count(mock_sky, 'tier = 1', **moved):,}"
    move(page, "max_ruwe", 1.15)
    moved["max_ruwe"] = "1.15"
    awaits(page, count(mock_sky, **moved))
    assert cell(page, "stars", 1) == f"{count(mock_sky, 'tier = 1', **moved):,}"
    assert page.locator("#command").inner_text().endswith("red_clump --cut tier1_min_delta_p=240 --cut max_ruwe=1.15")
    page.get_by_role("button", name="As in the workspace").click()
    awaits(page, count(mock_sky))
    assert page.locator(".cut.moved").count() == 0


@pytest.mark.heavy
def test_a_slider_moves_its_cut(opened, served, mock_sky):
    page = opened(served.url)
    page.get_by_label("least ΔP, s (slider)").first.focus()
    table = page.locator("body").get_attribute("data-table")
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector(f'body:not([data-table="{table}"])')
    assert page.locator("#cut-tier1_min_delta_p").input_value() == "260"
    assert cell(page, "stars", 1) == f"{count(mock_sky, 'tier = 1', tier1_min_delta_p='260'):,}"


@pytest.mark.heavy
def test_no_star_in_a_tier_is_said_in_grey(opened, served):
    page = opened(served.url)
    move(page, "tier1_min_delta_p", 340)
    move(page, "tier1_min_p_rc", 1)
    assert cell(page, "stars", 1) == "0"
    assert cell(page, "contamination", 1) in ("no stars", "too few labels")
    page.get_by_role("radio", name="tier 1").check()
    awaits(page, 0)
    page.get_by_role("button", name="Export").click()
    page.wait_for_selector('#exported:text-is("no star is selected")')


@pytest.mark.heavy
@pytest.mark.parametrize("width", [400, 1280])
def test_nothing_is_wider_than_the_window(opened, served, width):
    page = opened(served.url)
    page.set_viewport_size({"width": width, "height": 800})
    assert page.locator("html").evaluate("node => node.scrollWidth") <= width
    for number in range(8):
        box = page.locator(".plot").nth(number).bounding_box()
        assert box["width"] > 200
        assert box["x"] + box["width"] <= width


@pytest.mark.heavy
def test_a_second_tab_has_cuts_and_brushes_of_its_own(opened, served, mock_sky):
    first, second = opened(served.url), opened(served.url)
    move(first, "lucey_max_logg", 2.6)
    awaits(first, count(mock_sky, lucey_max_logg="2.6"))
    plot(second, "p_rc").focus()
    second.keyboard.press("Enter")
    awaits(second, count(mock_sky, f"p_rc >= {1.000001 * 24 / 64} and p_rc < {1.000001 * 41 / 64}"))
    assert selected(first) == count(mock_sky, lucey_max_logg="2.6")


@pytest.mark.heavy
def test_a_closed_server_is_told(browser, mock_sky):
    served = Explorer(mock_sky)
    page = browser.new_page()
    page.goto(served.url)
    page.wait_for_selector("#panels .panel:nth-child(8)[data-drawn]")
    served.close()
    plot(page, "kiel").focus()
    page.keyboard.press("Enter")
    page.wait_for_selector("#alert:not([hidden])")
    assert "The server has ended" in page.locator("#alert").inner_text()
    page.close()


@pytest.mark.heavy
def test_nothing_is_fetched_from_elsewhere(browser, served):
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(served.url)
    page.wait_for_selector("#panels .panel:nth-child(8)[data-drawn]")
    page.close()
    assert all(url.startswith((served.url, "data:", "blob:")) for url in asked)
    assert urllib.request.urlopen(served.url).status == 200


@pytest.fixture(scope="module")
def bare_sky(mock_sky, tmp_path_factory) -> Path:
    """The mock sky without labels and without truth, in a folder of an odd name."""
    from candlesql.commands.run import run_command

    sky = Path(shutil.copytree(mock_sky, tmp_path_factory.mktemp("odd") / "a [sky] & <b>'s; ünï"))
    for name in ("lamost", "seismology", "mock_truth"):
        (sky / "catalogs" / f"{name}.parquet").unlink()
    for path in (sky / "matches").glob("*_lamost*"):
        path.unlink()
    for path in (sky / "matches").glob("*_seismology*"):
        path.unlink()
    list(run_command(sky, "red_clump", {}))
    return sky


@pytest.mark.heavy
def test_a_sky_without_labels_or_truth_and_with_an_odd_name(opened, bare_sky):
    with Explorer(bare_sky) as served:
        page = opened(served.url)
        assert page.locator("#name").inner_text() == "a [sky] & <b>'s; ünï"
        assert selected(page) == count(bare_sky)
        assert cell(page, "contamination", 1) == "too few labels"
        assert cell(page, "contamination", 2) == "too few labels"
        grey = page.locator("#numbers td.few").first.evaluate("node => getComputedStyle(node).color")
        assert re.fullmatch(r"rgb\(154, 162, 177\)", grey)
        page.wait_for_load_state("networkidle")
        assert not page.locator("#curve").is_visible()
        move(page, "tier1_min_delta_p", 250)
        assert "--cut tier1_min_delta_p=250" in page.locator("#command").inner_text()
        with page.expect_download() as download:
            page.get_by_role("button", name="Export").click()
        assert download.value.suggested_filename == "red_clump_selected.parquet"


@pytest.mark.heavy
def test_a_table_that_other_tabs_have_pushed_out_is_made_again(opened, served, mock_sky):
    page = opened(served.url)
    for limit in range(200, 206):
        served._session.stars({"tier2_min_delta_p": limit})
    plot(page, "p_rc").focus()
    page.keyboard.press("Enter")
    awaits(page, count(mock_sky, f"p_rc >= {1.000001 * 24 / 64} and p_rc < {1.000001 * 41 / 64}"))
