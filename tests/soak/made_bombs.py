"""Small files that ask for much: of each format what it is known for."""

from __future__ import annotations

import gzip
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

HEAD = "source_id,ra,dec,parallax,parallax_error,phot_g_mean_mag"


def rows(n: int) -> Iterator[str]:
    for i in range(n):
        yield f"{i + 1},{i % 360},{i % 90},1.5,0.05,13.25"


def yaml_aliases(folder: Path) -> Path:
    lines = ["# %ECSV 1.0", "# ---", "# meta:", "#   - &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"#   - &a{i} [{', '.join(9 * [f'*a{i - 1}'])}]" for i in range(1, 12)]
    lines += ["# datatype:", *(f"# - {{name: {name}, datatype: float64}}" for name in HEAD.split(","))]
    path = folder / "aliases.ecsv"
    path.write_text("\n".join([*lines, HEAD.replace(",", " "), "1 2 3 4 5 6"]))
    return path


def deep_yaml(folder: Path) -> Path:
    path = folder / "deep.ecsv"
    path.write_text("# %ECSV 1.0\n# ---\n# meta: " + "[" * 200_000 + "\n" + HEAD.replace(",", " ") + "\n1 2 3 4 5 6\n")
    return path


def row_of_30_million_cells(folder: Path) -> Path:
    path = folder / "wide_row.csv"
    with path.open("w") as file:
        file.write(f"{HEAD}\n1,2,3,4,5,6")
        for _ in range(300):
            file.write(100_000 * ",1")
    return path


def columns_200_000(folder: Path) -> Path:
    path = folder / "columns.csv"
    names = ",".join(f"c{i}" for i in range(200_000))
    path.write_text(f"{HEAD},{names}\n1,2,3,4,5,6{200_000 * ',7'}\n")
    return path


def columns_200_000_of_votable(folder: Path) -> Path:
    fields = "".join(f'<FIELD name="c{i}" datatype="int"/>' for i in range(200_000))
    return votable(folder, fields)


def columns_200_000_of_parquet(folder: Path) -> Path:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "columns.parquet"
    pq.write_table(pa.table({f"c{i}": [1] for i in range(200_000)}), path)
    return path


def fits_header_without_end(folder: Path) -> Path:
    path = folder / "endless.fits"
    card = b"SIMPLE  =                    T".ljust(80)
    with path.open("wb") as file:
        file.write(card)
        block = b"COMMENT never ends".ljust(80) * 100_000
        for _ in range(25):
            file.write(block)
    return path


def fits_rows_beyond_the_file(folder: Path) -> Path:
    return fits(folder, rows=2**62)


def fits_row_of_a_petabyte(folder: Path) -> Path:
    return fits(folder, width=2**50)


def fits(folder: Path, rows: int = 2, width: int = 8) -> Path:
    cards = (
        ["SIMPLE  = T", "BITPIX  = 8", "NAXIS   = 0", "END"],
        [
            "XTENSION= 'BINTABLE'",
            "BITPIX  = 8",
            "NAXIS   = 2",
            f"NAXIS1  = {width}",
            f"NAXIS2  = {rows}",
            "PCOUNT  = 0",
            "GCOUNT  = 1",
            "TFIELDS = 1",
            "TTYPE1  = 'source_id'",
            f"TFORM1  = '{width // 8}K'",
            "END",
        ],
    )
    text = b"".join("".join(card.ljust(80) for card in block).ljust(2880).encode() for block in cards)
    path = folder / "big.fits"
    path.write_bytes(text + bytes(2880))
    return path


def xml_comment_of_1500_mb(folder: Path) -> Path:
    path = folder / "comment.vot.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(b'<?xml version="1.0"?><VOTABLE><!-- ')
        block = (np.arange(1 << 20) % 23 + 97).astype(np.uint8).tobytes()
        for _ in range(1500):
            file.write(block)
        file.write(b" --></VOTABLE>")
    return path


def xml_entities(folder: Path) -> Path:
    entities = '<!ENTITY a0 "xxxxxxxxxx">' + "".join(f'<!ENTITY a{i} "{10 * f"&a{i - 1};"}">' for i in range(1, 12))
    path = folder / "entities.vot"
    path.write_text(
        f"<?xml version='1.0'?><!DOCTYPE V [{entities}]><VOTABLE><DESCRIPTION>&a11;</DESCRIPTION></VOTABLE>"
    )
    return path


def xml_depth(folder: Path) -> Path:
    path = folder / "deep.vot"
    path.write_text("<VOTABLE>" + 1_000_000 * "<RESOURCE>")
    return path


def votable(folder: Path, fields: str, data: str = "<TR><TD>1</TD></TR>") -> Path:
    path = folder / "made.vot"
    path.write_text(
        f'<?xml version="1.0"?><VOTABLE version="1.3"><RESOURCE><TABLE>{fields}<DATA><TABLEDATA>{data}'
        "</TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>"
    )
    return path


def votable_array_of_a_petabyte(folder: Path) -> Path:
    return votable(folder, f'<FIELD name="source_id" datatype="double" arraysize="{2**50}"/>')


def gzip_of_zeros(folder: Path) -> Path:
    path = folder / "zeros.csv.gz"
    with gzip.open(path, "wb", compresslevel=9) as file:
        file.write(HEAD.encode() + b"\n")
        for _ in range(2000):
            file.write(bytes(1 << 20))
    return path


def zip_of_zeros(folder: Path) -> Path:
    import zipfile

    path = folder / "zeros.csv.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed, packed.open("zeros.csv", "w") as file:
        file.write(HEAD.encode() + b"\n")
        for _ in range(2000):
            file.write(bytes(1 << 20))
    return path


def a_line_of_2_gb(folder: Path) -> Path:
    path = folder / "line.csv.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(HEAD.encode() + b"\n1,2,3,4,5,")
        block = (np.arange(1 << 20) % 10 + 48).astype(np.uint8).tobytes()
        for _ in range(2000):
            file.write(block)
    return path


def text_of_200_mb_in_a_cell(folder: Path) -> Path:
    path = folder / "cell.csv"
    with path.open("w") as file:
        file.write(f"{HEAD},note\n1,2,3,4,5,6,")
        for _ in range(200):
            file.write((1 << 20) * "x")
        file.write("\n")
    return path


def json_depth(folder: Path) -> Path:
    path = folder / "deep.jsonl"
    path.write_text('{"source_id": ' + 1_000_000 * "[" + "\n")
    return path


def json_columns(folder: Path) -> Path:
    path = folder / "columns.jsonl"
    path.write_text("\n".join(f'{{"c{i}": 1}}' for i in range(200_000)))
    return path


def parquet_of_one_value(folder: Path) -> Path:
    """A hundred million rows that take a few kilobytes."""
    import duckdb

    path = folder / "rows.parquet"
    duckdb.sql(
        f"copy (select 1::bigint as source_id, 2.0::double as ra, 3.0::double as dec, 1.0::double as parallax, "
        f"0.1::double as parallax_error, 13.0::real as phot_g_mean_mag from range(100_000_000)) to '{path}'"
    )
    return path


def hdf5_of_a_petabyte(folder: Path) -> Path:
    import h5py

    path = folder / "big.h5"
    with h5py.File(path, "w") as file:
        kind = [(name, "f8") for name in HEAD.split(",")]
        file.create_dataset("stars", (2**44,), dtype=kind, chunks=(1024,))
    return path


def npy_hull_of_16_pb(folder: Path) -> Path:
    """In the place of a catalog: a hull's file whose header promises far more than there is."""
    path, content = folder / "hull.npz", io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (2**51,)}
    np.lib.format.write_array_header_1_0(content, header)
    import zipfile

    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr("equations.npy", content.getvalue())
    return path


def many_rows(folder: Path) -> Path:
    """No bomb: three million stars, to see that memory does not grow with the file."""
    path = folder / "many.csv"
    with path.open("w") as file:
        file.write(HEAD + "\n")
        for line in rows(3_000_000):
            file.write(line + "\n")
    return path


BOMBS: list[Callable[[Path], Path]] = [
    yaml_aliases,
    deep_yaml,
    row_of_30_million_cells,
    columns_200_000,
    columns_200_000_of_votable,
    columns_200_000_of_parquet,
    fits_header_without_end,
    fits_rows_beyond_the_file,
    fits_row_of_a_petabyte,
    xml_comment_of_1500_mb,
    xml_entities,
    xml_depth,
    votable_array_of_a_petabyte,
    gzip_of_zeros,
    zip_of_zeros,
    a_line_of_2_gb,
    text_of_200_mb_in_a_cell,
    json_depth,
    json_columns,
    parquet_of_one_value,
    hdf5_of_a_petabyte,
    npy_hull_of_16_pb,
    many_rows,
]
