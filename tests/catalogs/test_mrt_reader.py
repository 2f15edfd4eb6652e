"""Machine-readable tables against astropy's reader, and those that are damaged."""

import gzip
import shutil

import duckdb
import numpy as np
import pytest
from astropy.table import Table
from candlesql.catalogs.readers import open_file
from candlesql.errors import UserError

TABLE = """Title: Two stars
Authors: Nobody N.
Table: The stars
================================================================================
Byte-by-byte Description of file: stars.txt
--------------------------------------------------------------------------------
   Bytes Format Units      Label      Explanations
--------------------------------------------------------------------------------
   1-  4 A4     ---        Name       Name of the star
   6- 10 F5.2   Msun       Mstar      ?=-9.99 Mass, as it
                                      is now
      12 I1     ---        Flag       A flag (1)
  14- 18 F5.2   [Sun]      [Fe/H]     Iron
--------------------------------------------------------------------------------
Note (1): 0 is good.
--------------------------------------------------------------------------------
HD 1  1.25 0 -0.10
HD 2 -9.99   +0.30
"""


def rows(path, *names: str) -> list[tuple]:
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        wanted = ", ".join(source.columns[name].sql for name in names)
        return connection.execute(f"select {wanted} from {source.relation(list(names))}").fetchall()


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_values_stand_at_their_bytes(tmp_path, suffix):
    path = tmp_path / f"stars.mrt{suffix}"
    path.write_bytes(gzip.compress(TABLE.encode()) if suffix else TABLE.encode())
    found = rows(path, "Name", "Mstar", "Flag", "[Fe/H]")
    assert found == [("HD 1", "1.25", "0", "-0.10"), ("HD 2", None, None, "+0.30")]


def test_units_and_explanations(tmp_path):
    path = tmp_path / "stars.mrt"
    path.write_text(TABLE)
    with duckdb.connect() as connection:
        columns = open_file(connection, path).columns
    assert [column.unit for column in columns.values()] == ["", "Msun", "", "[Sun]"]
    assert columns["Mstar"].description == "?=-9.99 Mass, as it is now"


@pytest.mark.parametrize("name", ["ages_rgb", "ages_rc"])
def test_every_number_of_a_real_table_is_astropys(real_data, name):
    path = real_data(f"apo_k2/{name}.mrt")
    table = Table.read(path, format="ascii.mrt")
    for column in ("EPIC", "Mstar", "[Fe/H]", "[a/M]", "Age", "E_Age", "deltanu"):
        found = np.array([np.nan if row[0] is None else float(row[0]) for row in rows(path, column)])
        wanted = np.ma.filled(np.ma.masked_array(table[column]).astype(float), np.nan)
        assert found == pytest.approx(wanted, nan_ok=True)


@pytest.mark.parametrize("suffix", ["", ".gz"])
def test_a_file_without_a_description_is_refused(tmp_path, suffix):
    path = tmp_path / f"stars.mrt{suffix}"
    path.write_text("1 2 3\n4 5 6\n")
    with duckdb.connect() as connection, pytest.raises(UserError, match=r"stars.mrt"):
        open_file(connection, path)


def test_a_column_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "stars.mrt"
    path.write_text(TABLE.replace(" Flag ", " Mstar"))
    with duckdb.connect() as connection, pytest.raises(UserError, match="column Mstar stands twice"):
        open_file(connection, path)


def test_ages_of_apo_k2_as_published(real_data, candlesql, empty_sky, tmp_path):
    """From the journal's file to log10 of age, in SQL."""
    shutil.copytree(empty_sky, tmp_path / "sky")
    done = candlesql("ingest", tmp_path / "sky", "apo_k2_ages", real_data("apo_k2/ages_rgb.mrt"))
    assert done.code == 0, done.err
    done = candlesql(
        "sql",
        tmp_path / "sky",
        "select count(*), median(log_age_apo_k2 - log_age_published) as bias from distmass.age_check "
        "where log_age_published < log10(13.8) + 9",
        "--format",
        "csv",
    )
    assert done.code == 0, done.err
    n, bias = done.out.split()[1].split(",")
    assert int(n) > 2000
    assert abs(float(bias)) < 0.02
