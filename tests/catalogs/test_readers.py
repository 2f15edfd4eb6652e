"""Functions under the readers on files of a few lines or bytes, by hand: limits, headers, types and damage."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from candlesql.catalogs import readers
from candlesql.catalogs.readers import (
    FileColumn,
    boundary,
    chosen,
    ecsv,
    hats,
    ipac,
    jsonl,
    layout,
    masks,
    missing,
    mrt,
    packed,
    parquet,
    query,
    sexagesimal,
    text,
    vizier,
)
from candlesql.catalogs.readers.source import Source
from candlesql.catalogs.survey import Layout
from candlesql.errors import RefusedFile, UserError

T = Path("t.csv")


def value(connection, sql: str, given: str = "null"):
    return connection.execute(f"select {sql} from (select {given} as x)").fetchall()[0][0]


# --- what every reader passes


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError(), "asks for more memory than there is"), (ValueError("one\ntwo"), r"\(ValueError: one\)"),
        (ValueError("Traceback (most recent call last)\n a\nlast\n\n"), r"\(ValueError: last\)"),
        (ValueError(""), r"\(ValueError: \)"), (ValueError("\n \nthree\nfour"), r"\(ValueError: three\)"),
        (duckdb.Error("CSV Error on Line: 7\nx\nExpected Number of Columns: 3 Found: 2\ny"),
         "line 7 has 2 fields where 3 are expected; mend it"),
    ],
)  # fmt: skip
def test_errors_while_a_file_is_read(error, words):
    with pytest.raises(RefusedFile, match=words) as said, boundary.refusing(T):
        raise error
    assert said.value.file == T


@pytest.mark.parametrize(
    "error",
    [UserError("mine"), duckdb.BinderException("sql"), OSError("No space left on device"), OSError("Interrupted")],
)
def test_errors_that_are_none_of_the_file(error):
    with pytest.raises(type(error)) as said, boundary.refusing(T):
        raise error
    assert said.value is error


@pytest.mark.parametrize(("n", "is_refused"), [(3, False), (4, True)])
def test_files_with_too_many_columns(monkeypatch, n, is_refused):
    monkeypatch.setattr(boundary, "MAX_COLUMNS", 3)
    closed = []
    columns = {str(i): FileColumn(str(i), "x") for i in range(n - 1)}
    source = Source(T, columns, lambda names: "t", ("v",), close=lambda: closed.append(1))
    if is_refused:
        with pytest.raises(RefusedFile, match="has 4 columns; more than 3 are no catalog"):
            boundary.check_limits(source)
    else:
        assert boundary.check_limits(source) is source
    assert bool(closed) is is_refused
    names = [str(i) for i in range(n)]
    if is_refused:
        with pytest.raises(RefusedFile, match="more than 3"):
            boundary.refuse_twice(names, T)
    else:
        boundary.refuse_twice(names, T)
        with pytest.raises(RefusedFile, match="column a stands twice in its top"):
            boundary.refuse_twice(["b", "a", "a"], T, "top")


def test_promises_of_more_than_a_file_can_hold(tmp_path, monkeypatch):
    monkeypatch.setattr(boundary, "MAX_EXPANSION", 2)
    file = tmp_path / "t"
    file.write_bytes(b"x" * 10)
    for small, most in ((0, 20), (100, 100)):
        monkeypatch.setattr(boundary, "SMALL", small)
        boundary.refuse_expanding(most, file)
        with pytest.raises(RefusedFile, match=f"promises {most + 1} bytes of values in a file of 10"):
            boundary.refuse_expanding(most + 1, file)


def test_gzipped_files_are_read_to_their_end(tmp_path, monkeypatch):
    monkeypatch.setattr(boundary, "BLOCK", 256)
    file = tmp_path / "t.gz"
    file.write_bytes(gzip.compress(bytes(1000)))
    size = file.stat().st_size
    monkeypatch.setattr(boundary, "MAX_EXPANSION", 1000 / size)
    boundary.check_gzip(file)
    monkeypatch.setattr(boundary, "MAX_EXPANSION", 999.5 / size)
    with pytest.raises(RefusedFile, match="unpacks to more than"):
        boundary.check_gzip(file)
    monkeypatch.setattr(boundary, "MAX_EXPANSION", 1000)
    file.write_bytes(file.read_bytes()[:-5])
    with pytest.raises(RefusedFile, match="truncated or damaged"):
        boundary.check_gzip(file)
    file.write_bytes(b"plain")
    boundary.check_gzip(file)


def test_units_that_stand_behind_a_description():
    columns = {
        "a": FileColumn("a", "a", description="said [dex(g)]"),
        "b": FileColumn("b", "b", "mag", description="said [dex]"),
        "c": FileColumn("c", "c", "dex", description="said [dex]"), "d": FileColumn("d", "d", description="said [mag]"),
        "e": FileColumn("e", "e", description=" [solMass]"),
    }  # fmt: skip
    found = readers._told(columns)
    assert [(c.unit, c.description) for c in found.values()] == [
        ("dex(g)", "said"), ("mag", "said [dex]"), ("dex", "said"), ("", "said [mag]"), ("solMass", "")
    ]  # fmt: skip


def test_names_of_files_and_of_tables_in_them(tmp_path):
    assert readers.split_hdu(Path("a/t.fits[2]")) == (Path("a/t.fits"), "2")
    assert readers.split_hdu(Path("t.fits")) == (Path("t.fits"), "")
    (tmp_path / "t[1]").touch()
    assert readers.split_hdu(tmp_path / "t[1]") == (tmp_path / "t[1]", "")
    assert [readers._suffix(Path(name)) for name in ("t.CSV.gz", "t.fits", "t.tar.zst", "t", "t.gz")] == [
        ".csv", ".fits", ".tar", "", ""
    ]  # fmt: skip


def test_which_of_several_tables():
    assert chosen.chosen(T, ["a"], "") == "a"
    assert [chosen.chosen(T, ["a", "b", "2"], wanted) for wanted in ("b", "1", "2", "3")] == ["b", "a", "2", "2"]
    for tables, wanted, words in (
        ([], "", "holds no table"), (["a"], "2", "holds no table 2; it has a"), (["a"], "0", "holds no table 0"),
        (["a", "b"], "", r"holds 2 tables: a, b; say which by number or name, as in 't.csv\[1\]' or 't.csv\[a\]'"),
        ([str(i) for i in range(11, 20)], "x", "it has 11, 12, 13, 14, 15, 16, 17, 18 …$"),
        ([str(i) for i in range(11, 19)], "x", "17, 18$"),
    ):  # fmt: skip
        with pytest.raises(RefusedFile, match=words):
            chosen.chosen(T, tables, wanted)


@pytest.mark.parametrize(
    ("text_", "declared", "expected"),
    [
        ("a", [], "a"), ("NaN", [], None), ("", [], None), ("--", [], None), ("-9.99", ["-9.990"], None),
        ("-9.99", [], "-9.99"),
        ("---", ["-"], None), ("---", [], "---"), ("x", ["x"], None), ("inf", ["inf"], None),
        ("Infinity", ["inf"], "Infinity"),
        ("- -", ["-"], "- -"),
    ],
)  # fmt: skip
def test_texts_that_stand_for_missing_values(connection, text_, declared, expected):
    assert value(connection, missing.unless_missing("x", declared), f"'{text_}'") == expected


@pytest.mark.parametrize(
    ("text_", "kind", "expected"),
    [("-1.5D+03", "DOUBLE", "-1.5E+03"), ("2d4", "DOUBLE", "2E4"), ("2d4", "VARCHAR", "2d4"), ("3.0", "DOUBLE", "3.0")],
)
def test_exponents_of_fortran(connection, text_, kind, expected):
    assert value(connection, missing.with_e("x", kind), f"'{text_}'") == expected


# --- positions in parts


@pytest.mark.parametrize(
    ("text_", "per_unit", "expected"),
    [("01:30:36", 15, 22.65), ("-01 30 36.0", 1, -1.51), ("+10d00m00s", 1, 10.0), ("", 1, None),
        ("-00:00:36", 1, -0.01),
     ("00:59:60", 1, 1.0)],
)  # fmt: skip
def test_positions_in_one_text(connection, text_, per_unit, expected):
    found = value(connection, sexagesimal.degrees("x", per_unit), f"'{text_}'")
    assert found == (None if expected is None else pytest.approx(expected))


@pytest.mark.parametrize("text_", ["01:60:00", "01:00:61", "10.5", "1:2", "a"])
def test_texts_that_are_no_position(connection, text_):
    with pytest.raises(duckdb.Error, match="no position"):
        value(connection, sexagesimal.degrees("x", 1), f"'{text_}'")


def test_positions_in_columns_of_their_parts(connection):
    """1 h 30 min 36 s are 22.65 deg; the sign stands by itself, or before the degrees; seconds may be missing."""
    names = ("RAh", "RAm", "RAs", "DE-", "DEd", "DEm", "DEs")
    columns = {name: FileColumn(name, f'"{name}"') for name in names}
    source = Source(T, columns, lambda wanted: "t")
    found = sexagesimal.with_positions(source).columns
    given = "select '1' as RAh, '30' as RAm, '36' as RAs, '-' as \"DE-\", '0' as DEd, '30' as DEm, null as DEs"
    ra, dec = connection.execute(f"select {found['ra'].sql}, {found['dec'].sql} from ({given})").fetchall()[0]
    assert (ra, dec) == (pytest.approx(22.65), pytest.approx(-0.5))
    assert (found["ra"].unit, found["ra"].ucd, found["ra"].is_float, found["ra"].type) == (
        "deg",
        "pos.eq.ra",
        True,
        "DOUBLE",
    )
    assert (found["ra"].needs, found["dec"].needs) == (names[:3], names[3:])
    assert (found["ra"].description, found["dec"].description) == ("From RAh RAm RAs", "From DE- DEd DEm DEs")
    unsigned = replace(source, columns={name: c for name, c in columns.items() if name != "DE-"})
    made = sexagesimal.with_positions(unsigned).columns["dec"]
    for degrees, expected in (("'-05'", -5.5), ("' 05'", 5.5), ("-5", -5.5)):
        rest = f"{degrees} as DEd, '30' as DEm, '0' as DEs"
        assert connection.execute(f"select {made.sql} from (select {rest})").fetchall()[0][0] == pytest.approx(expected)
    assert made.needs == names[4:]
    for other in ({**columns, "RA": FileColumn("RA", "x")}, {n: columns[n] for n in names if n != "DEs"}):
        plain = replace(source, columns=other)
        assert sexagesimal.with_positions(plain) is plain


# --- masks


def test_values_that_are_masked(connection):
    columns = {
        name: FileColumn(name, f'"{name}"', is_text=is_text, type=kind)
        for name, is_text, kind in (
            ("a", False, "DOUBLE"), ("a.mask", True, ""), ("b", False, "DOUBLE"), ("b_mask", False, "BOOLEAN"),
            ("c", False, "DOUBLE"), ("c_mask", True, ""), ("d_mask", False, "BOOLEAN"), ("e", False, ""),
            ("e.mask", True, "DOUBLE"),
            ("f[1]", False, "REAL"), ("f_mask[1]", False, "BOOLEAN"),
        )
    }  # fmt: skip
    vectors = {
        "v": FileColumn("v", '"v"', type="INTEGER[]"), "v_mask": FileColumn("v_mask", '"v_mask"', type="BOOLEAN[]"),
        "w": FileColumn("w", '"w"', type="INTEGER[][]"), "w.mask": FileColumn("w.mask", '"w.mask"', type="BOOLEAN[][]"),
        "u": FileColumn("u", '"u"', type="INTEGER[]"),
    }  # fmt: skip
    source = Source(
        T, columns | {"u_mask": FileColumn("u_mask", "m", type="BOOLEAN")}, lambda names: "t", vectors=vectors
    )
    found = masks.with_masks(source)
    assert list(found.columns) == ["a", "b", "c", "c_mask", "d_mask", "e", "e.mask", "f[1]", "u_mask"]
    assert list(found.vectors) == ["v", "w", "u"]
    assert (found.columns["a"].needs, found.columns["c"].needs, found.vectors["w"].needs) == (
        ("a.mask",),
        (),
        ("w.mask",),
    )
    given = """select 1 as a, 'True' as "a.mask", 2 as b, null as b_mask, 3 as "f[1]", true as "f_mask[1]",
        [1, 2] as v, [true, null] as v_mask, [[1, 2], [3]] as w, [[false, true], [false]] as "w.mask" """
    made = [*(found.columns[name].sql for name in ("a", "b", "f[1]")), *(found.vectors[name].sql for name in "vw")]
    assert connection.execute(f"select {', '.join(made)} from ({given})").fetchall()[0] == (
        None, 2, None, [None, 2], [[1, None], [3]]
    )  # fmt: skip
    bare = Source(T, {"a": columns["a"]}, lambda names: "t")
    assert masks.with_masks(bare) is bare


# --- ECSV's header


def test_what_a_header_of_ecsv_says():
    text_ = """datatype:
- {name: a, datatype: float32, unit: !astropy.units.Unit {unit: mag}, meta: !!omap [{ucd: phot}], description: said}
- {name: v, datatype: string, subtype: 'int16[2,3]'}
- {name: w, datatype: string, subtype: 'float64[null]'}
- {name: j, datatype: string, subtype: json}
- {name: n, unit: !x [1, 2]}
"""
    said = ecsv.header(text_, T)
    assert said["datatype"][4]["unit"] == [1, 2]

    def column(name: str, **given):
        return ecsv.described(FileColumn(name, "c", is_text=True, **given), said)

    assert column("a") == FileColumn("a", "c", "mag", "phot", "said", is_text=True, type="REAL")
    assert (column("v").type, column("v").sql) == ("SMALLINT[][]", """from_json(c, '[["SMALLINT"]]')""")
    assert (column("w").type, column("w").sql) == ("DOUBLE[]", """from_json(c, '["DOUBLE"]')""")
    assert (column("j").type, column("n").type, column("n").unit, column("other").unit) == ("VARCHAR", "", "", "")
    own = FileColumn("a", "c", "K", "temp", "mine", is_text=True, type="INTEGER")
    assert ecsv.completed(own, said) == replace(own, unit="mag", ucd="phot", description="said")
    other = replace(own, name="other")
    assert ecsv.completed(other, said) == other
    assert ecsv.header("datatype: [{name: a}]\nx: 1" + "0" * 100, T)["x"] == "1" + "0" * 100
    assert ecsv.header("datatype: [{name: a}]\nx: 1" + "0" * 99, T)["x"] == 10**99


@pytest.mark.parametrize("text_", ["- a", "datatype: [{n: a}]", "x: 1", "datatype: 3", "{", "datatype: [a]"])
def test_headers_of_ecsv_that_are_damaged(text_):
    with pytest.raises(RefusedFile, match="its ECSV header is damaged"):
        ecsv.header(text_, T)


@pytest.mark.parametrize(
    ("text_", "n"),
    [("datatype: [a, b]", 5), ("x: &a [1, 2]\ny: *a", 9), ("z: 1\nx: &a [1, 2]\ny: [*a, *a]", 15),
        ("x: &a 1\ny: *a", 5),
     ("x: &a [1, &b [2, 3]]\ny: [*a, *b]", 17)],
)  # fmt: skip
def test_values_of_a_header_with_its_aliases_written_out(monkeypatch, text_, n):
    monkeypatch.setattr(ecsv, "MOST_VALUES", n)
    ecsv._refuse_unfolding(text_)
    monkeypatch.setattr(ecsv, "MOST_VALUES", n - 1)
    with pytest.raises(ValueError, match=f"more than {n - 1} values"):
        ecsv._refuse_unfolding(text_)


def test_headers_that_are_too_deep_or_long(monkeypatch):
    monkeypatch.setattr(ecsv, "DEEPEST", 3)
    ecsv._refuse_unfolding("[[[1], [2]]]")
    with pytest.raises(ValueError, match="more than 3 deep"):
        ecsv._refuse_unfolding("[[[[1]]]]")
    monkeypatch.setattr(ecsv, "MOST_LETTERS", 4)
    ecsv._refuse_unfolding("a: 1")
    with pytest.raises(ValueError, match="more than 4 letters"):
        ecsv._refuse_unfolding("a: 12")


# --- tables of text


def test_lines_before_the_rows_of_a_mrt(tmp_path):
    file = tmp_path / "t.mrt"
    rule, column = "-" * 20, "   1-  4 F4.1   mag    Vmag   ?=-9.9 how bright\n                       it is\n"
    lines = ("Title", rule, "Byte-by-byte Description of file: {}", rule, " Bytes Format", rule)
    top = "\n".join([*lines, f"{column}      6 A1     ---    s      letter", rule, ""])
    file.write_text(top.format("t.dat") + "Note (1): x\n" + rule + "\n 1.0 a\n")
    described, n_header = mrt._top(file)
    columns = {column.name: column.as_column() for column in described}
    assert n_header == 12
    assert (columns["Vmag"].unit, columns["Vmag"].type, columns["Vmag"].description) == (
        "mag",
        "DOUBLE",
        "?=-9.9 how bright it is",
    )
    assert (columns["s"].unit, columns["s"].type, columns["s"].is_text) == ("", "VARCHAR", True)
    file.write_text(top.format("t.dat") + top.format("u.dat"))
    with pytest.raises(RefusedFile, match=r"describes 2 tables: of file: t.dat, of file: u.dat; keep one"):
        mrt._top(file)
    file.write_text(f"{rule}\n{rule}\n{rule}\n{column}")
    with pytest.raises(RefusedFile, match="has no 'Byte-by-byte Description of file'"):
        mrt._top(file)
    assert mrt.is_mrt(file, ".txt") is False
    file.write_text(top)
    assert (mrt.is_mrt(file, ".txt"), mrt.is_mrt(file, ".dat"), mrt.is_mrt(file, ".csv")) == (True, True, False)


def test_values_cut_out_of_the_lines_of_a_mrt(connection):
    found = mrt.Described("x", 3, 6, "F4.1", "mag", ["?=-9.9 said"]).as_column()
    for line, expected in (("ab 1.5cd", "1.5"), ("ab-9.9cd", None), ("ab1D+1cd", "1E+1"), ("ab    cd", None)):
        assert connection.execute(f"select {found.sql} from (select '{line}' as line)").fetchall()[0][0] == expected


def test_lines_of_bars_of_ipac(tmp_path, connection):
    file = tmp_path / "t.tbl"
    file.write_text("\\note\n| ra   |  s |\n|double|char|\n| deg  | -  |\n| null | x  |\n\n  1.5   a\n\n  null  x\n")
    header, n_lines = ipac._top(file)
    assert (len(header), n_lines) == (4, 6)
    source = ipac.read(connection, file)
    assert [(c.unit, c.type, c.is_text) for c in source.columns.values()] == [
        ("deg", "DOUBLE", True),
        ("", "VARCHAR", True),
    ]
    fields = ", ".join(c.sql for c in source.columns.values())
    assert connection.execute(f"select {fields} from {source.relation([])}").fetchall() == [("1.5", "a"), (None, None)]
    assert (ipac.is_ipac(file, ".txt"), ipac.is_ipac(file, ".fits"),
        ipac.is_ipac(file.rename(tmp_path / "t.gz"), ".tbl")) == (
        True, False, False
    )  # fmt: skip
    for content, is_one in (
        ("|a|b|\n", True),
        ("|a|\n", False),
        ("a|b|c|\n", False),
        ("|a|b\n", False),
        ("\\x\n\n|a|b|\n", True),
    ):
        file.write_text(content)
        assert ipac.is_ipac(file, ".tbl") is is_one
    for content, words in (
        ("|a|b|\n" * 9, "more than 8 lines of bars"), ("|a|b|\n|c |d|\n", "bars in the same places"),
        ("|a|a|\n", "column a stands twice"),
    ):  # fmt: skip
        file.write_text(content)
        with pytest.raises(RefusedFile, match=words):
            ipac.read(connection, file)


def test_lines_before_the_rows_of_a_text(tmp_path):
    file = tmp_path / "t.csv"
    file.write_bytes("\ufeff\n# one\n\n# two\na,b\r\n1,2\n3,4\n5,6\n7,8\n".encode())
    top = text._top(file)
    assert top == text.Top(["# one\n", "# two\n"], "a,b", ["1,2", "3,4", "5,6"], 5, True)
    file.write_text("a,b\n")
    assert text._top(file) == text.Top([], "a,b", [], 1, False)
    for content, words in ((b"#x\n", "has no line of column names"), (b"\x1f\x8b", "disagree on gzip")):
        file.write_bytes(content)
        with pytest.raises(RefusedFile, match=words):
            text._top(file)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\xff\xfea\0", "is text in UTF-16"),
        (b"\xfe\xff\0a", "UTF-16"),
        (b"\0\xff", "is no text"),
        (b"a\xe9", r"byte 0xe9\), perhaps Latin-1"),
    ],
)
def test_what_is_wrong_with_letters(tmp_path, content, words):
    file = tmp_path / "t.csv"
    file.write_bytes(b"a,b\n" * 2)
    assert text._not_text(file) is None
    file.write_bytes(content)
    with pytest.raises(RefusedFile, match=words):
        raise text._not_text(file)
    packed_ = tmp_path / "t.csv.gz"
    packed_.write_bytes(gzip.compress(b"a,b\n" * 100)[:-9])
    assert "truncated or damaged" in str(text._not_text(packed_))
    assert text.not_utf8(OSError("x")) == "truncated, or not what its name says (x); fetch it again"


def test_too_many_names_in_a_text(connection, tmp_path, monkeypatch):
    monkeypatch.setattr(boundary, "MAX_COLUMNS", 2)
    monkeypatch.setattr(text, "refuse_twice", lambda *_: None)
    (tmp_path / "t.csv").write_text("a,b,c,d\n")
    with pytest.raises(RefusedFile, match="has 3 columns"):
        text.read(connection, tmp_path / "t.csv")


def test_copies_of_the_rows_alone(tmp_path):
    (tmp_path / "t.csv").write_text("one\ntwo\nthree\n")
    assert text._rows_alone(tmp_path / "t.csv", 2, tmp_path).read_text() == "three\n"


def test_columns_of_vizier():
    said = ["#Column\tplx\t(F8.4)\tParallax (1)\t[ucd=pos.parallax]\n", "#Column\te\t(F1)\tError\n"]
    columns = {name: FileColumn(name, name) for name in ("plx", "e", "x")}
    found = vizier.described(columns, ["mas\t mas", "---\t-\t-"], said)
    assert [(c.unit, c.description, c.ucd) for c in found.values()] == [
        ("mas", "Parallax (1)", "pos.parallax"), ("mas", "Error", ""), ("", "", "")
    ]  # fmt: skip
    assert [c.unit for c in vizier.described(columns, ["---\t-\t-"], []).values()] == [""] * 3


def test_rows_of_vizier(connection):
    columns = {"a": FileColumn("a", "c0"), "b": FileColumn("b", "c1")}

    def rows(*lines: tuple):
        values = ", ".join(f"({a}, {b})" for a, b in lines)
        return connection.execute(f"from {vizier.rows(f'(values {values}) as t(c0, c1)', columns)}").fetchall()

    assert rows(("'1'", "'2'"), ("'#end'", "null"), ("null", "'3'")) == [("1", "2"), (None, "3")]
    with pytest.raises(duckdb.Error, match="a line has fewer fields than the header"):
        rows(("'1'", "null"))


def test_lines_of_json_that_are_none(connection, tmp_path):
    (tmp_path / "t.jsonl").write_text("[1\n{")
    with pytest.raises(RefusedFile, match=r"not readable as JSON lines \("):
        jsonl.read(connection, tmp_path / "t.jsonl")
    (tmp_path / "t.jsonl").write_text('{"n": 1, "s": "x", "v": [1]}\n{"n": 2.5, "s": null}\n')
    found = jsonl.read(connection, tmp_path / "t.jsonl")
    assert {name: (c.type, c.is_text) for name, c in found.columns.items()} == {"n": ("", True), "s": ("VARCHAR", True)}
    assert (found.left_out, found.vectors["v"].type) == (("v",), "BIGINT[]")
    kinds = ("BOOLEAN", "STRUCT(a INTEGER)", "INTEGER[]", "BIGINT", "DATE", "MAP(VARCHAR, DOUBLE)")
    assert [jsonl._kept(kind) for kind in kinds] == [
        "BOOLEAN", "STRUCT(a INTEGER)", "INTEGER[]", "VARCHAR", "VARCHAR", "MAP(VARCHAR, DOUBLE)"
    ]  # fmt: skip


# --- packed files


@pytest.mark.parametrize(
    ("name", "wanted", "rest"), [("t.csv.gz", "", ""), ("t.xlsx.gz", "2", "2"), ("t.csv.bz2", "", "")]
)
def test_packed_files_are_unpacked_beside(tmp_path, monkeypatch, name, wanted, rest):
    import bz2

    monkeypatch.setattr(packed, "BLOCK", 2)
    pack = bz2.compress if name.endswith("bz2") else gzip.compress
    (tmp_path / name).write_bytes(pack(b"content"))
    folder, copy, left = packed.unpacked(tmp_path / name, wanted)
    assert (copy.name, copy.read_bytes(), left) == (name.rpartition(".")[0], b"content", rest)
    folder.cleanup()
    monkeypatch.setattr(packed, "SMALL", 7)
    monkeypatch.setattr(packed, "MAX_EXPANSION", 0)
    packed.unpacked(tmp_path / name, wanted)[0].cleanup()
    monkeypatch.setattr(packed, "SMALL", 6)
    with pytest.raises(RefusedFile, match="unpacks to more than 0 times its size"):
        packed.unpacked(tmp_path / name, wanted)
    (tmp_path / name).write_bytes(b"nothing")
    with pytest.raises(RefusedFile, match="truncated, or not what its name says"):
        packed.unpacked(tmp_path / name, wanted)


def test_members_of_a_zip_file(tmp_path):
    import zipfile

    def zipped(*names: str) -> Path:
        with zipfile.ZipFile(tmp_path / "t.zip", "w") as file:
            for name in names:
                file.writestr(name, name)
        return tmp_path / "t.zip"

    assert packed._member(zipped("a/", "a/t.csv", "__MACOSX/t.csv"), "") == "a/t.csv"
    assert packed._member(zipped("t.csv", "u.csv"), "u.csv") == "u.csv"
    for names, words in (
        (("t.csv", "u.csv"), r"holds 2 files: t.csv, u.csv; say which, as in 't.zip\[t.csv\]'"),
        ((), r"as in 't.zip\[x\]'"),
    ):
        with pytest.raises(RefusedFile, match=words):
            packed._member(zipped(*names), "")
    folder, copy, rest = packed.unpacked(zipped("t.csv", "u.csv"), "u.csv")
    assert (copy.name, copy.read_text(), rest) == ("u.csv", "u.csv", "")
    folder.cleanup()
    folder, copy, rest = packed.unpacked(zipped("t.xlsx"), "2")
    assert (copy.name, rest) == ("t.xlsx", "2")
    folder.cleanup()


# --- which reader, and tables of text as a whole


def test_files_by_their_names(connection, tmp_path):
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    (tmp_path / "t.png").write_text("a,b\n1,2\n")
    (tmp_path / "t.dat").write_text("1 2\n")
    (tmp_path / "empty.csv").touch()
    assert list(readers.open_file(connection, tmp_path / "t.csv").columns) == ["a", "b"]
    lines = Layout(("x", "y"))
    assert list(readers.open_file(connection, tmp_path / "t.csv", lines).columns) == ["x", "y"]
    assert list(readers.open_file(connection, tmp_path / "t.dat", lines).columns) == ["x", "y"]
    for name, given, words in (
        ("t.png", None, "format .png is unknown; it reads .fits"), ("t.png", lines, "format .png is unknown"),
        ("t.dat", None, "does not say what its columns"),
        ("none.csv", None, "no such file"), ("empty.csv", None, "is empty"),
        ("t.csv[2]", None, r"holds one table only, so \[2\] says nothing"),
    ):  # fmt: skip
        with pytest.raises(RefusedFile, match=words):
            readers.open_file(connection, tmp_path / name, given)
    (tmp_path / "t").write_text("a")
    with pytest.raises(RefusedFile, match=r"format \(none\) is unknown"):
        readers.open_file(connection, tmp_path / "t")
    assert readers.catalog_files([tmp_path]) == [tmp_path / name for name in ("empty.csv", "t.csv", "t.dat")]
    (tmp_path / "new").mkdir()
    with pytest.raises(RefusedFile, match="holds no catalog file"):
        readers.catalog_files([tmp_path / "new"])


def test_fields_at_their_bytes(connection, tmp_path):
    (tmp_path / "t.dat").write_text("# said\n  ab 1.5x\n\n  cd --\n")
    by_bytes = Layout(("s", "x"), "", {"s": (3, 4), "x": (6, 8)})
    source = layout.read(connection, tmp_path / "t.dat", by_bytes)

    def rows(made) -> list[tuple]:
        fields = ", ".join(column.sql for column in made.columns.values())
        return connection.execute(f"select {fields} from {made.relation([])}").fetchall()

    assert rows(source) == [("ab", "1.5"), ("cd", None)]
    assert all(column.is_text for column in source.columns.values())
    (tmp_path / "u.dat").write_text("1;2\n3\n")
    split = layout.read(connection, tmp_path / "u.dat", Layout(("a", "b"), ";"))
    with pytest.raises(duckdb.Error):
        rows(split)
    assert "the line '3' has not the 2 fields" in str(split.failure())
    (tmp_path / "t.dat").write_text("  ab 1.5\n  cd\n")
    assert "the line '  cd' ends before its last field begins" in str(source.failure())
    (tmp_path / "t.dat").write_text("  ab 1\n")
    assert source.failure() is None
    blanks = layout.read(connection, tmp_path / "u.dat", Layout(("a", "b")))
    (tmp_path / "u.dat").write_text(" 1\t 2 \n% no\n".replace("% no\n", ""))
    assert rows(blanks) == [("1", "2")]


def test_queries_in_files(connection, tmp_path):
    file = tmp_path / "t.sql"
    file.write_text("select 1 as a, 'x' as b;\n")
    source = query.read(connection, file)
    assert connection.execute(f"from {source.relation([])}").fetchall() == [(1, "x")]
    for text_, words in (
        ("select 1; select 2", "holds 2 statements"),
        ("create table x as select 1", "it must be one SELECT"),
        ("select nothing", "nothing"),
    ):
        file.write_text(text_)
        with pytest.raises(RefusedFile, match=words):
            query.read(connection, file)


def test_a_name_that_is_missing_in_a_text(connection, tmp_path):
    (tmp_path / "t.csv").write_text("a,,c\n1,2,3\n")
    assert list(text.read(connection, tmp_path / "t.csv").columns) == ["a", "col2", "c"]


def test_partitions_that_are_not_as_their_list_has_them(connection, tmp_path):
    files = []
    for pixel in (4, 5):
        file = tmp_path / f"dataset/Norder=0/Dir=0/Npix={pixel}.parquet"
        file.parent.mkdir(parents=True, exist_ok=True)
        connection.execute(f"copy (select 1 as a) to '{file}'")
        files.append(file)
    info = tmp_path / "partition_info.csv"
    hats._refuse_incomplete(connection, tmp_path, files)
    for pixels, words in (
        ((4, 5, 6, 7), "2 of the 4 partitions in its partition_info.csv are missing, the first is Norder=0, Npix=6"),
        ((4,), "partition Norder=0, Npix=5 is not in its partition_info.csv"), ((4, 5), ""),
    ):  # fmt: skip
        info.write_text("Norder,Npix\n" + "".join(f"0,{pixel}\n" for pixel in pixels))
        if words:
            with pytest.raises(RefusedFile, match=words):
                hats._refuse_incomplete(connection, tmp_path, files)
        else:
            hats._refuse_incomplete(connection, tmp_path, files)
    (tmp_path / "hats.properties").write_text("hats_nrows=2\n")
    hats._refuse_incomplete(connection, tmp_path, files)
    (tmp_path / "hats.properties").write_text("hats_nrows=3\n")
    with pytest.raises(RefusedFile, match="says 3 rows, 2 are there"):
        hats._refuse_incomplete(connection, tmp_path, files)
    files[0].write_bytes(b"nothing")
    with pytest.raises(RefusedFile, match="a partition is no readable Parquet file"):
        hats._refuse_incomplete(connection, tmp_path, files)


def test_values_that_a_parquet_file_has_lost(connection, tmp_path):
    """Two NULLs came back where the statistics count one; text, and what is made of a column, are not looked at."""
    theirs, ours = tmp_path / "t.parquet", tmp_path / "u.parquet"
    connection.execute(f"copy (select unnest([1, null, 3]) as x, unnest(['a', null, 'b']) as s) to '{theirs}'")
    connection.execute(f"copy (select unnest([1, null, null]) as y, unnest(['a', null, null]) as s) to '{ours}'")
    source = Source(T, {"x": FileColumn("x", '"x"'), "s": FileColumn("s", '"s"', is_text=True)}, lambda names: "t")
    plain = replace(source, columns=source.columns | {"x": FileColumn("x", parquet.identifier("x"))})
    with pytest.raises(RefusedFile, match="column x: 1 values came back as NULL that the file counts as values"):
        parquet.refuse_lost_values(connection, plain, [theirs], ours, {"y": "x"})
    parquet.refuse_lost_values(connection, plain, [theirs], ours, {"s": "s"})
    made = replace(source, columns={"x": FileColumn("x", "x + 1")})
    parquet.refuse_lost_values(connection, made, [theirs], ours, {"y": "x"})
    connection.execute(f"copy (select unnest([1, null, 3]) as y) to '{ours}'")
    parquet.refuse_lost_values(connection, plain, [theirs], ours, {"y": "x"})
    (tmp_path / "v.parquet").write_bytes(b"nothing")
    with pytest.raises(RefusedFile, match="not a readable Parquet file"):
        parquet.notes_of(connection, tmp_path / "v.parquet")
