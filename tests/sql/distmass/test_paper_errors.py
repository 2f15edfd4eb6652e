"""Errors of the paper's distances: a parabola through bins, or what the paper states."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from candlesql.sql import files


@pytest.fixture
def errors(tmp_path):
    """`errors(logg of stars with known distances)`: of spectra at log g 0.5, 1.6, 2.5 and 5."""

    def rows(logg):
        logg = np.asarray(logg, float)
        # the median of |difference| times 1.4826 is the parabola 0.3 - 0.2 log g + 0.04 (log g)^2
        sigma = 0.3 - 0.2 * logg + 0.04 * logg**2
        signs = np.where(np.arange(len(logg)) % 2, 1.0, -1.0)
        columns = {"method": ["paper"] * len(logg), "logg": logg, "difference": signs * sigma / 1.482602218505602}
        pq.write_table(pa.table(columns), tmp_path / "comparison.parquet")
        with duckdb.connect() as connection:
            connection.execute("create schema distmass; create schema cuts")
            for item in files.items():
                if item.name.startswith("cuts.") or item.name == "distmass.stated_distance_error":
                    connection.execute(item.body)
            connection.execute(f"create view distmass.comparison as from '{tmp_path}/comparison.parquet'")
            connection.execute(
                "create table distmass.inputs as from (values ('a', 0.5), ('b', 1.6), ('c', 2.5), ('d', 5.0)) "
                "as t(spectrum_id, logg)"
            )
            body = next(item.body for item in files.items() if item.name == "distmass.paper_errors")
            return {
                row[0]: row[1:]
                for row in connection.execute(f"select spectrum_id, fractional_error, origin from ({body})").fetchall()
            }

    return rows


def test_a_parabola_is_found_where_it_reaches(errors):
    found = errors(np.repeat([1.1, 1.4, 1.6, 1.9, 2.1, 2.4], 12))
    assert found["b"] == (pytest.approx(0.3 - 0.2 * 1.6 + 0.04 * 1.6**2), "fitted here")
    assert found["c"] == (pytest.approx(0.3 - 0.2 * 2.5 + 0.04 * 2.5**2), "fitted here")
    assert found["a"] == (pytest.approx(0.18), "as the paper states"), "no bin reaches log g 0.5"
    assert found["d"] == (pytest.approx(0.1), "as the paper states")


@pytest.mark.parametrize("logg", [[], [2.4] * 50, np.repeat([1.1, 1.6, 2.4], 30), np.repeat([1.1, 1.4, 1.9, 2.4], 9)])
def test_too_few_bins_are_no_parabola(errors, logg):
    found = errors(logg)
    assert [found[name][0] for name in "abcd"] == pytest.approx([0.18, 0.136, 0.1, 0.1])
    assert {origin for _, origin in found.values()} == {"as the paper states"}
