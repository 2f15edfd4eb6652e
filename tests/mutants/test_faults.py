"""What can be planted in a text of SQL or Python, by hand."""

import ast
import importlib.util
import sys
from pathlib import Path

import pytest


def module(name: str):
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


sql, python = module("sql_faults"), module("python_faults")


@pytest.mark.parametrize(
    ("text", "planted"),
    [
        ("select a + b", {"select a - b"}),
        ("select a / b", {"select a * b", "select b / a"}),
        ("select a from t where x < y and z is null", {
            "select a from t where x >= y and z is null", "select a from t where x < y or z is null",
            "select a from t where x < y and z is not null", "select a from t where true and z is null",
            "select a from t where x < y and true",
        }),
        ("select count(*) filter (where x) from t", {"select count(*) filter (where true) from t"}),
        ("select 20, 1.5", {"select 22, 1.5", "select 20, 1.6500000000000001"}),
        ("select min(sin(x)) from t", {"select max(sin(x)) from t", "select min(cos(x)) from t"}),
        ("select * from a inner join b using (k)", {"select * from a left join b using (k)"}),
        ("select x between a and b from t order by x desc", {"select x between a and b from t order by x asc"}),
        ("-- a + b < 2\nselect 'a + b'", set()),
        ("create or replace macro m(x) as not x", {"create or replace macro m(x) as x"}),
    ],
)  # fmt: skip
def test_faults_of_sql(text, planted):
    assert {fault.apply(text) for fault in sql.faults(text)} == planted


def test_a_fault_is_told_by_its_line():
    text = "-- header\nselect\n    a + b,\n    c\n"
    (fault,) = sql.faults(text)
    assert fault.said(text) == (3, "a + b,", "a - b,")


def test_faults_of_python():
    text = 'LIMIT = 3\n\n\ndef f(x: int = 2) -> int:\n    """One + two."""\n    return x + 1 if x < LIMIT else -x\n'
    bodies = {ast.unparse(fault.apply(text)).splitlines()[-1].strip() for fault in python.faults(text)}
    assert bodies == {
        "return None", "return x - 1 if x < LIMIT else -x", "return x + 2 if x < LIMIT else -x",
        "return x + 1 if x >= LIMIT else -x", "return x + 1 if x < LIMIT else x",
        "return x + 1 if not x < LIMIT else -x",
    }  # fmt: skip
    assert {fault.function for fault in python.faults(text)} == {"f"}


def test_that_lengths_are_equal_is_no_fault_to_plant():
    assert {fault.kind for fault in python.faults("def f(a, b):\n    return list(zip(a, b, strict=True))\n")} == {
        "return"
    }


def test_compiled_functions_take_no_fault():
    text = "@numba.njit(cache=True)\ndef f(a):\n    return a + 1\n\n\ndef g(a):\n    return a\n"
    assert {fault.function for fault in python.faults(text)} == {"g"}
