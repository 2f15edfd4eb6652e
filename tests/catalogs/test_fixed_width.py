"""Values at fixed places: what a letter more or less has moved is refused, since it would have other digits."""

import duckdb
import pytest
from candlesql.catalogs.readers import open_file
from candlesql.errors import RefusedFile

ROWS = "  1.5   ab\n 12.5   cd\n"
RULE = "-" * 20
TOPS = {
    "t.tbl": "|  ra|   s|\n|real|char|\n",
    "t.mrt": f"Title: x\n{RULE}\nByte-by-byte Description of file: t.dat\n{RULE}\n"
    f" Bytes Format Units Label Explanations\n{RULE}\n   2-  5 F4.1 deg ra   where\n"
    f"   7- 10 A4   --- s    letters\n{RULE}\n",
}


def read(path):
    with duckdb.connect() as connection:
        source = open_file(connection, path)
        try:
            return connection.execute(
                f"select {source.columns['ra'].sql}, {source.columns['s'].sql} from {source.relation(['ra', 's'])}"
            ).fetchall()
        except duckdb.Error:
            raise source.failure() from None


@pytest.mark.parametrize("name", TOPS)
@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        "  1.5|  ab\n 12.5|  cd\n",
        ROWS.replace("\n", "  \n"),
        ROWS.rstrip(),
        f"{ROWS}\n",
        ROWS.replace("\n", "\r\n"),
    ],
)
def test_whole_lines_are_read(tmp_path, name, rows):
    file = tmp_path / name
    ends = "\r\n" if "\r" in rows else "\n"
    file.write_bytes((TOPS[name].replace("\n", ends) + rows).encode())
    assert [row for row in read(file) if row[0]] == [("1.5", "ab"), ("12.5", "cd")]


@pytest.mark.parametrize("name", TOPS)
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        pytest.param("  1.5", "   1.5", id="moved to the right"),
        pytest.param(" 12.5", "12.5", id="moved to the left"),
        pytest.param("ab\n", "ab\v", id="two lines in one"),
        pytest.param("cd", "cde", id="goes on"),
    ],
)
def test_a_letter_outside_the_columns_is_refused(tmp_path, name, was, becomes):
    file = tmp_path / name
    file.write_text(TOPS[name] + ROWS.replace(was, becomes))
    with pytest.raises(RefusedFile, match=r"the line '.*' has a letter outside the columns of the header"):
        read(file)


@pytest.mark.parametrize("name", TOPS)
def test_a_file_that_ends_within_a_line_is_refused(tmp_path, name):
    file = tmp_path / name
    file.write_text(TOPS[name] + ROWS[:-4])
    with pytest.raises(RefusedFile, match=r"ends within the line ' 12\.5  ', so it may be cut off"):
        read(file)
