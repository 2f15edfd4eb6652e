"""More small files that ask for much: lines, headers, links and views without end, by format."""

from __future__ import annotations

import gzip
import json
import sqlite3
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from pathlib import Path

import numpy as np

HEAD = "source_id,ra,dec,parallax,parallax_error,phot_g_mean_mag"
MEGABYTE = 1 << 20


def packed(path: Path, *parts: bytes | tuple[int, bytes]) -> Path:
    """A gzipped file of texts, and of texts that are repeated so many times."""
    with gzip.open(path, "wb", compresslevel=1) as file:
        for part in parts:
            if isinstance(part, bytes):
                file.write(part)
            else:
                block = part[1] * max(1, MEGABYTE // len(part[1]))
                for _ in range(max(1, part[0] * len(part[1]) // len(block))):
                    file.write(block)
    return path


def names_of_1_gb(folder: Path) -> Path:
    return packed(folder / "names.csv.gz", HEAD.encode() + b",", (1 << 30, b"x"), b"\n1,2,3,4,5,6,7\n")


def names_of_30_million_columns(folder: Path) -> Path:
    return packed(folder / "commas.csv.gz", HEAD.encode(), (30_000_000, b","), b"\n1,2,3,4,5,6,7\n")


def comments_of_1_gb(folder: Path) -> Path:
    return packed(folder / "comments.csv.gz", (1 << 24, b"# a comment of the usual length, and then one more of it\n"))


def ecsv_header_of_1_gb(folder: Path) -> Path:
    return packed(
        folder / "header.ecsv.gz", b"# %ECSV 1.0\n# ---\n# meta:\n", (1 << 25, b"# - {a: 1, b: some words}\n")
    )


def ecsv(folder: Path, *meta: str) -> Path:
    lines = ["# %ECSV 1.0", "# ---", *(f"# {line}" for line in meta), "# datatype:"]
    lines += [f"# - {{name: {name}, datatype: float64}}" for name in HEAD.split(",")]
    path = folder / "made.ecsv"
    path.write_text("\n".join([*lines, HEAD.replace(",", " "), "1 2 3 4 5 6"]) + "\n")
    return path


def ecsv_merged_maps(folder: Path) -> Path:
    lines = ["meta:", "  a0: &a0 {k: v}"]
    lines += [f"  a{i}: &a{i} {{<<: [{', '.join(9 * [f'*a{i - 1}'])}]}}" for i in range(1, 12)]
    return ecsv(folder, *lines)


def ecsv_aliases_in_maps(folder: Path) -> Path:
    lines = ["meta:", "  a0: &a0 [x, x]"]
    lines += [f"  a{i}: &a{i} {{{', '.join(f'k{j}: *a{i - 1}' for j in range(9))}}}" for i in range(1, 12)]
    return ecsv(folder, *lines)


def ecsv_aliases_to_themselves(folder: Path) -> Path:
    return ecsv(folder, "meta: &a {b: *a, c: [*a, *a]}")


def ecsv_number_of_sixties(folder: Path) -> Path:
    return ecsv(folder, f"meta: {{n: 1{':1' * 1_000_000}}}")


def ecsv_number_of_a_million_digits(folder: Path) -> Path:
    return ecsv(folder, f"meta: {{n: {'1' * 1_000_000}, o: 0x{'f' * 1_000_000}}}")


def ecsv_blocks_within_blocks(folder: Path) -> Path:
    return ecsv(folder, "meta:", *(" " * i + "- - a:" for i in range(1, 3000)))


def ecsv_many_columns(folder: Path) -> Path:
    path = folder / "wide.ecsv"
    names = [*HEAD.split(","), *(f"c{i}" for i in range(19_000))]
    lines = ["# %ECSV 1.0", "# ---", "# datatype:", *(f"# - {{name: {n}, datatype: float64}}" for n in names)]
    path.write_text("\n".join([*lines, " ".join(names), " ".join(["1"] * len(names))]) + "\n")
    return path


def quote_that_never_ends(folder: Path) -> Path:
    return packed(folder / "quote.csv.gz", HEAD.encode() + b'\n1,2,3,4,5,"', (1 << 27, b"abc\n"))


def zstd_of_zeros(folder: Path) -> Path:
    import pyarrow as pa

    path = folder / "zeros.csv.zst"
    with pa.CompressedOutputStream(str(path), "zstd") as file:
        file.write(HEAD.encode() + b"\n")
        for _ in range(3000):
            file.write(bytes(MEGABYTE))
    return path


def mrt_of_200_000_columns(folder: Path) -> Path:
    path = folder / "wide.mrt"
    rule = "-" * 40
    rows = "\n".join(f"{i:8}-{i:8} I1 --- c{i} words" for i in range(1, 200_001))
    path.write_text(
        f"Title: t\n{'=' * 40}\nByte-by-byte Description of file: x\n{rule}\n a\n{rule}\n{rows}\n{rule}\n1\n"
    )
    return path


def mrt_line_of_1_gb(folder: Path) -> Path:
    rule = 40 * "-"
    head = f"Title: t\nByte-by-byte Description of file: x\n{rule}\n a\n{rule}\n 1- 8 I8 --- source_id x\n{rule}\n"
    return packed(folder / "line.mrt.gz", head.encode(), (1 << 30, b"1"))


def ipac_bars(folder: Path) -> Path:
    path = folder / "bars.tbl"
    path.write_text("|a|b|\n" + "|" * 30_000_000 + "\n1 2\n")
    return path


def ipac_lines_of_bars(folder: Path) -> Path:
    path = folder / "lines.tbl"
    path.write_text("|a   |b   |\n" * 10_000_000)
    return path


def vot(folder: Path, *parts: bytes | tuple[int, bytes], head: bytes = b"") -> Path:
    fields = head or b"".join(b'<FIELD name="%s" datatype="double"/>' % n.encode() for n in HEAD.split(","))
    start = b'<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE><TABLE>' + fields
    return packed(folder / "made.vot.gz", start, *parts, b"</TABLE></RESOURCE></VOTABLE>")


def votable_row_of_30_million_cells(folder: Path) -> Path:
    return vot(folder, b"<DATA><TABLEDATA><TR>", (30_000_000, b"<TD/>"), b"</TR></TABLEDATA></DATA>")


def votable_cell_of_1_gb(folder: Path) -> Path:
    return vot(folder, b"<DATA><TABLEDATA><TR><TD>", (1 << 30, b"1"), b"</TD></TR></TABLEDATA></DATA>")


def votable_of_5_million_fields(folder: Path) -> Path:
    return vot(folder, (5_000_000, b'<FIELD name="a" datatype="int"/>'), b"<DATA><TABLEDATA/></DATA>")


def votable_of_10_million_tables(folder: Path) -> Path:
    table = b'<TABLE><FIELD name="a" datatype="int"/><DATA><TABLEDATA/></DATA></TABLE>'
    return packed(folder / "tables.vot.gz", b"<VOTABLE><RESOURCE>", (10_000_000, table), b"</RESOURCE></VOTABLE>")


def votable_attribute_of_1_gb(folder: Path) -> Path:
    return packed(folder / "attribute.vot.gz", b'<VOTABLE a="', (1 << 30, b"x"), b'"/>')


def votable_rows_of_no_bytes(folder: Path) -> Path:
    import base64

    fields = (
        b'<FIELD name="source_id" datatype="long" arraysize="0"/><FIELD name="ra" datatype="double" arraysize="0"/>'
    )
    stream = base64.b64encode(bytes(64))
    return vot(folder, b"<DATA><BINARY><STREAM encoding='base64'>" + stream + b"</STREAM></BINARY></DATA>", head=fields)


def votable_array_that_says_4_gb(folder: Path) -> Path:
    import base64

    fields = b'<FIELD name="source_id" datatype="long"/><FIELD name="v" datatype="double" arraysize="*"/>'
    stream = base64.b64encode(struct.pack(">qi", 1, 2**31 - 1)) + b"AAAA" * 16
    return vot(
        folder,
        b"<DATA><BINARY><STREAM encoding='base64'>" + stream.replace(b"=", b"A"),
        (1 << 28, b"AAAA"),
        b"</STREAM></BINARY></DATA>",
        head=fields,
    )


def fits(folder: Path, cards: list[str], data: bytes) -> Path:
    primary = ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"]
    blocks = (primary, [*cards, "END"])
    text = b"".join(
        "".join(card.ljust(80) for card in block).ljust(-(-len(block) * 80 // 2880) * 2880).encode() for block in blocks
    )
    path = folder / "made.fits"
    path.write_bytes(text + data + bytes(-len(data) % 2880))
    return path


def table(rows: int, width: int, columns: list[tuple[str, str]], pcount: int = 0) -> list[str]:
    cards = ["XTENSION= 'BINTABLE'", "BITPIX  = 8", "NAXIS   = 2", f"NAXIS1  = {width}", f"NAXIS2  = {rows}"]
    cards += [f"PCOUNT  = {pcount}", "GCOUNT  = 1", f"TFIELDS = {len(columns)}"]
    for i, (name, form) in enumerate(columns, 1):
        cards += [f"TTYPE{i}  = '{name}'", f"TFORM{i}  = '{form}'"]
    return cards


def fits_rows_of_no_bytes(folder: Path) -> Path:
    return fits(folder, table(2**62, 0, [("source_id", "0K"), ("ra", "0D")]), b"")


def fits_arrays_that_share_a_place(folder: Path) -> Path:
    n, heap = 60_000, bytes(8_000_000)
    rows = b"".join(struct.pack(">qqq", i + 1, 1_000_000, 0) for i in range(n))
    return fits(folder, table(n, 24, [("source_id", "K"), ("v", "1QD(1000000)")], len(heap)), rows + heap)


def fits_a_billion_columns(folder: Path) -> Path:
    cards = table(1, 8, [("source_id", "K")])
    return fits(folder, [card.replace("TFIELDS = 1", "TFIELDS = 999999999") for card in cards], bytes(8))


def fits_keyword_that_goes_on(folder: Path) -> Path:
    cards = ["LONGKEY = 'x&'", *(["CONTINUE  'y&'"] * 190_000)]
    return fits(folder, [*table(1, 8, [("source_id", "K")]), *cards], bytes(8))


def fits_of_200_000_extensions(folder: Path) -> Path:
    path = fits(folder, table(1, 8, [("source_id", "K")]), bytes(8))
    one = path.read_bytes()[2880:]
    with path.open("ab") as file:
        for _ in range(30_000):
            file.write(one)
    return path


def hdf5_values_of_another_file(folder: Path) -> Path:
    import h5py

    path = folder / "external.h5"
    with h5py.File(path, "w") as file:
        for name in HEAD.split(","):
            file.create_dataset(f"stars/{name}", (100,), dtype="f8", external=[("/etc/passwd", 0, 800)])
    return path


def hdf5_text_of_1_gb(folder: Path) -> Path:
    import h5py

    path = folder / "text.h5"
    with h5py.File(path, "w") as file:
        file.create_dataset("stars/source_id", data=np.arange(3))
        file.create_dataset("stars/ra", data=np.arange(3.0))
        file.create_dataset("stars/note", (3,), dtype="S500000000", chunks=(1,), compression="gzip")
    return path


def feather_of_zeros(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.feather

    path, zeros = folder / "zeros.feather", pa.array(np.zeros(20_000_000))
    stars = pa.table({name: zeros for name in HEAD.split(",")})
    pyarrow.feather.write_feather(stars, str(path), compression="zstd", chunksize=100_000_000)
    return path


def parquet_of_one_page(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path, zeros = folder / "page.parquet", pa.array(np.zeros(40_000_000))
    stars = pa.table({name: zeros for name in HEAD.split(",")})
    pq.write_table(
        stars,
        path,
        compression="zstd",
        use_dictionary=False,
        data_page_size=2**31 - 1,
        row_group_size=10**9,
        write_batch_size=10**9,
    )
    return path


def parquet_of_one_text(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "text.parquet"
    columns = {name: pa.array([1.0]) for name in HEAD.split(",")}
    pq.write_table(
        pa.table(columns | {"note": pa.array(["x" * 700_000_000], pa.large_string())}), path, compression="zstd"
    )
    return path


def sqlite(folder: Path, statement: str) -> Path:
    path = folder / "made.sqlite"
    with closing(sqlite3.connect(path)) as file:
        file.execute(statement)
        file.commit()
    return path


def sqlite_view_without_end(folder: Path) -> Path:
    return sqlite(
        folder,
        "create view stars as with recursive n(i) as (select 1 union all select i + 1 from n) "
        "select i as source_id, 1.0 as ra, 1.0 as dec, 1.0 as parallax, 1.0 as parallax_error, "
        "1.0 as phot_g_mean_mag from n",
    )


def sqlite_view_of_blobs(folder: Path) -> Path:
    return sqlite(
        folder,
        "create view stars as with recursive n(i) as (select 1 union all select i + 1 from n limit 100000) "
        "select hex(zeroblob(400000000)) as source_id, hex(zeroblob(90000000)) as ra, 1.0 as dec, 1.0 as parallax, "
        "1.0 as parallax_error, 1.0 as phot_g_mean_mag from n",
    )


def xlsx(folder: Path, rows: Iterator[bytes], texts: Iterable[bytes] = ()) -> Path:
    path = folder / "made.xlsx"
    space = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006/"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as book:
        book.writestr(
            "[Content_Types].xml",
            f'<Types xmlns="{package}content-types"><Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'spreadsheetml.sheet.main+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.'
            'openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>',
        )
        book.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="r1" Type="{office}/officeDocument" '
            'Target="xl/workbook.xml"/></Relationships>',
        )
        book.writestr(
            "xl/workbook.xml",
            f'<workbook {space} xmlns:r="{office}"><sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        book.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{package}relationships"><Relationship Id="r1" Type="{office}/worksheet" '
            'Target="worksheets/s.xml"/></Relationships>',
        )
        with book.open("xl/sharedStrings.xml", "w") as file:
            file.write(f"<sst {space}>".encode())
            for text in texts:
                file.write(text)
            file.write(b"</sst>")
        with book.open("xl/worksheets/s.xml", "w") as file:
            file.write(f"<worksheet {space}><sheetData>".encode())
            for row in rows:
                file.write(row)
            file.write(b"</sheetData></worksheet>")
    return path


def header_row() -> bytes:
    cells = "".join(f'<c t="inlineStr"><is><t>{name}</t></is></c>' for name in HEAD.split(","))
    return f'<row r="1">{cells}</row>'.encode()


def xlsx_row_far_below(folder: Path) -> Path:
    return xlsx(folder, iter([header_row(), b'<row r="99999999999"><c><v>1</v></c></row>']))


def xlsx_texts_of_2_gb(folder: Path) -> Path:
    return xlsx(folder, iter([header_row()]), (b"<si><t>" + MEGABYTE * b"x" + b"</t></si>" for _ in range(2000)))


def xlsx_sheet_of_2_gb(folder: Path) -> Path:
    blank = b"<!-- " + MEGABYTE * b" " + b" -->"
    return xlsx(folder, iter([header_row(), *(2000 * [blank])]))


def xlsx_row_of_5_million_cells(folder: Path) -> Path:
    return xlsx(folder, iter([b'<row r="1">', *(5 * [1_000_000 * b"<c><v>1</v></c>"]), b"</row>"]))


def json_keys_within_keys(folder: Path) -> Path:
    path = folder / "keys.jsonl"
    row: dict = {}
    for i in range(800):
        row = {f"a{i}": row, f"b{i}": i}
    path.write_text('{"source_id": 1, "x": ' + json.dumps(row) + "}\n")
    return path


def json_line_of_1_gb(folder: Path) -> Path:
    return packed(folder / "line.jsonl.gz", b'{"source_id": "', (1 << 30, b"1"), b'"}\n')


def json_row_of_100_000_keys(folder: Path) -> Path:
    path = folder / "wide.jsonl"
    path.write_text(json.dumps({f"c{i}": i for i in range(100_000)}) + "\n")
    return path


def sparse_file_of_a_terabyte(folder: Path) -> Path:
    path = folder / "sparse.csv"
    with path.open("wb") as file:
        file.write(HEAD.encode() + b"\n")
        file.truncate(1 << 40)
    return path


def sparse_names_of_a_terabyte(folder: Path) -> Path:
    path = folder / "sparse.ecsv"
    with path.open("wb") as file:
        file.truncate(1 << 40)
    return path


def hats(folder: Path, properties: bytes = b"hats_nrows=1\n") -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "made.hats"
    place = path / "dataset" / "Norder=0" / "Dir=0"
    place.mkdir(parents=True)
    pq.write_table(pa.table({name: [1.0] for name in HEAD.split(",")}), place / "Npix=0.parquet")
    (path / "hats.properties").write_bytes(properties)
    return path


def hats_properties_of_1_gb(folder: Path) -> Path:
    path = hats(folder)
    with (path / "hats.properties").open("r+b") as file:
        file.truncate(1 << 30)
    return path


def hats_list_of_1_gb(folder: Path) -> Path:
    path = hats(folder)
    with (path / "partition_info.csv").open("wb") as file:
        file.write(b"Norder,Npix\n" + b"0,0\n" * 1000)
        file.truncate(1 << 30)
    return path


def hats_of_another_folder(folder: Path) -> Path:
    path = hats(folder)
    (path / "collection.properties").write_text("hats_primary_table_url=../../../../home\n")
    return path


BOMBS: list[Callable[[Path], Path]] = [
    names_of_1_gb,
    names_of_30_million_columns,
    comments_of_1_gb,
    ecsv_header_of_1_gb,
    ecsv_merged_maps,
    ecsv_aliases_in_maps,
    ecsv_aliases_to_themselves,
    ecsv_number_of_sixties,
    ecsv_number_of_a_million_digits,
    ecsv_blocks_within_blocks,
    ecsv_many_columns,
    quote_that_never_ends,
    zstd_of_zeros,
    mrt_of_200_000_columns,
    mrt_line_of_1_gb,
    ipac_bars,
    ipac_lines_of_bars,
    votable_row_of_30_million_cells,
    votable_cell_of_1_gb,
    votable_of_5_million_fields,
    votable_of_10_million_tables,
    votable_attribute_of_1_gb,
    votable_rows_of_no_bytes,
    votable_array_that_says_4_gb,
    fits_rows_of_no_bytes,
    fits_arrays_that_share_a_place,
    fits_a_billion_columns,
    fits_keyword_that_goes_on,
    fits_of_200_000_extensions,
    hdf5_values_of_another_file,
    hdf5_text_of_1_gb,
    feather_of_zeros,
    parquet_of_one_page,
    parquet_of_one_text,
    sqlite_view_without_end,
    sqlite_view_of_blobs,
    xlsx_row_far_below,
    xlsx_texts_of_2_gb,
    xlsx_sheet_of_2_gb,
    xlsx_row_of_5_million_cells,
    json_keys_within_keys,
    json_line_of_1_gb,
    json_row_of_100_000_keys,
    sparse_file_of_a_terabyte,
    sparse_names_of_a_terabyte,
    hats_properties_of_1_gb,
    hats_list_of_1_gb,
    hats_of_another_folder,
]
