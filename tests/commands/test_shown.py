"""Rows as a person reads them, to the last blank."""

from __future__ import annotations

import duckdb
import numpy as np
import pytest
from candlesql.commands.steps import shown
from candlesql.commands.steps.shown import Rows


def test_types_are_in_small_letters():
    with duckdb.connect(config={"threads": 1}) as connection:
        assert shown.fetched(connection.sql("select 1::hugeint as n where false")) == Rows(["n"], ["hugeint"], [])


def test_no_rows():
    assert shown.as_table(Rows(["n"], ["integer"], [])).splitlines() == [
        "┌─────────┐", "│ n       │", "│ integer │", "├─────────┤", "└─────────┘", "(0 rows)",
    ]  # fmt: skip


def test_a_list_has_texts_at_the_left_and_no_types():
    found = shown.rows_of(("name", "n"), [("a", 10), ("bc", 2)])
    assert shown.as_table(found).splitlines() == [
        "┌──────┬────┐", "│ name │ n  │", "├──────┼────┤", "│ a    │ 10 │", "│ bc   │ 2  │", "└──────┴────┘",
        "(2 rows)",
    ]  # fmt: skip


def test_a_text_has_the_room_that_the_terminal_leaves():
    """Of 50 columns the box takes 12 beside a name of 5: 38 for the text."""
    fits, does_not = "a" * 20 + " " + "b" * 17, "a" * 20 + " " + "b" * 18
    lines = shown.as_table(shown.rows_of(("name", "what"), [("first", fits)]), width=50).splitlines()
    assert lines[3] == f"│ first │ {fits} │"
    assert {len(line) for line in lines[:-1]} == {50}
    lines = shown.as_table(shown.rows_of(("name", "what"), [("first", does_not)]), width=50).splitlines()
    assert lines[3:5] == [f"│ first │ {'a' * 20} │", f"│       │ {'b' * 18}   │"]
    assert lines[-1] == "(1 row)", "its second line is no row"


def test_a_text_of_a_result_is_not_wrapped():
    found = Rows(["name", "what"], ["varchar", "varchar"], [("first", "one two three four five six")])
    lines = shown.as_table(found, width=30).splitlines()
    assert lines[4] == "│ first   │"
    assert lines[-1] == "(1 row; 1 of 2 columns fit)"
    assert "│ one two three four five six │" in shown.as_table(found)


def test_a_list_without_a_terminal_is_not_wrapped():
    text = "one two three four five six seven eight nine"
    assert f"│ {text} │" in shown.as_table(shown.rows_of(("name", "what"), [("first", text)]))


def test_rows_beyond_the_height():
    found = Rows(["n"], ["integer"], [(1,), (2,), (3,)])
    assert shown.as_table(found, height=2).splitlines()[4:] == [
        "│       1 │", "│       2 │", "└─────────┘", "(3 rows, 2 shown)",
    ]  # fmt: skip
    assert shown.as_table(found, height=3).endswith("(3 rows)")
    assert shown.as_lines(found, height=5).endswith("n = 3\n\n(3 rows)")


def test_plans_are_their_text():
    found = Rows(shown.EXPLAIN, ["varchar"] * 2, [("physical_plan", "a\n\x1bb"), ("other", "c")])
    assert shown.as_table(found) == shown.as_lines(found) == "a\n\\x1bb\nc"


def test_long_types_are_cut_short():
    assert shown._short("decimal(38,10)[]") == "decimal(38,10)[]"
    assert shown._short("struct(a integer)") == "struct…"
    assert shown._short("timestamp with time zone[]") == "timestamp with time zone…"


@pytest.mark.parametrize(
    ("kind", "is_number"),
    [("decimal(18,3)", True), ("hugeint", True), ("utinyint", True), ("interval", False),
     ("integer[]", False)],
)  # fmt: skip
def test_kinds_of_numbers(kind, is_number):
    assert shown._is_number(kind) is is_number


def test_floats_are_rounded_as_doubles_are():
    value = float(np.float32(0.1))
    assert shown._texts(Rows(["x"], ["float"], []), (value,), 7) == ["0.1"]
    assert shown._texts(Rows(["x"], ["double"], []), (1 / 3,), 7) == ["0.3333333"]
    assert shown._texts(Rows(["x"], [], []), (1 / 3,), None) == [repr(1 / 3)]


@pytest.mark.parametrize(
    ("value", "text"),
    [(-123.456789012, "-123.4568"), (12345678.123456, "12345678.1235"), (float("nan"), "nan"), (-0.0, "-0.0"),
     (0.00001234567891, "1.234568e-05"), (9.99999999, "10.0")],
)  # fmt: skip
def test_seven_digits_and_four_decimals_at_least(value, text):
    assert shown.text_of(value, 7) == text


def test_wide_letters_take_two_columns():
    lines = shown.as_table(Rows(["n"], ["varchar"], [("日本",), ("abcdefg",)])).splitlines()
    assert lines[4:6] == ["│ 日本    │", "│ abcdefg │"]
    assert shown.as_lines(Rows(["日", "abc"], [], [(1, 2)])).splitlines()[:2] == [" 日 = 1", "abc = 2"]
