"""A plan in a workspace is what this program wrote, or is refused: whoever wrote another is a stranger."""

import json

import pytest
from candlesql.errors import RefusedFile
from candlesql.scale.plan import make_plan, read_plan
from candlesql.sql.open import writing
from candlesql.workspace.folder import find_sky


@pytest.fixture
def plan(own_sky):
    with writing(own_sky) as connection:
        made = make_plan(connection, find_sky(own_sky), "red_clump")
        text = made.file.read_bytes()
    made.file.parent.mkdir(parents=True, exist_ok=True)  # what a command did not finish is gone
    made.file.write_bytes(text)
    read_plan.cache_clear()
    return made


def test_a_plan_is_read_as_it_was_written(plan):
    assert read_plan(plan.file) == plan


def of_fewer_tiles(text: bytes) -> bytes:
    first, *rest = text.split(b"\n")
    said = json.loads(first)
    return b"\n".join([json.dumps(said | {"tiles": said["tiles"][:-1]}).encode(), *rest])


@pytest.mark.parametrize(
    "spoilt",
    [
        of_fewer_tiles,
        lambda text: text[: len(text) // 2],
        lambda text: text.split(b"\n")[0],
        lambda text: text.replace(b"2015.5", b"2016.5"),
        lambda text: b"[" * 100_000 + b"\n" + text.split(b"\n")[1],
        lambda text: b"\xff" + text,
        lambda text: b"",
    ],
)
def test_another_is_refused(plan, spoilt):
    text = plan.file.read_bytes()
    assert spoilt(text) != text
    plan.file.write_bytes(spoilt(text))
    with pytest.raises(RefusedFile, match=r"no plan of a run here .*; remove its folder, and run it again"):
        read_plan(plan.file)
