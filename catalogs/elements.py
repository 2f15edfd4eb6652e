"""Elements of a file's vectors and matrices that are columns of a survey."""

from __future__ import annotations

import math
import re
from dataclasses import replace

from .readers import FileColumn, Source
from .survey import Element, Survey


def with_elements(survey: Survey, source: Source) -> Source:
    """The source with those elements as columns of their own; a row whose vector has another length has NULL there."""
    vectors = {name.lower(): column for name, column in source.vectors.items()}
    found = {}
    for element in (column.element for column in survey.columns.values() if column.element):
        vector = vectors.get(element.of.lower())
        sql = _sql(element, vector) if vector else ""
        if vector and sql:
            found[element.label] = replace(
                vector, name=element.label, sql=sql, unit="", type=vector.type.partition("[")[0], part_of=vector.name
            )
    if not found:
        return source

    def relation(names: list[str]) -> str:
        return source.relation(list(dict.fromkeys(found[n].part_of if n in found else n for n in names)))

    return replace(source, columns={**source.columns, **found}, relation=relation)


def _sql(element: Element, vector: FileColumn) -> str:
    """The SQL of an element of a vector as it stands in the file; empty where the vector has other dimensions."""
    lengths = [int(length or 0) for length in re.findall(r"\[(\d*)\]", vector.type)[::-1]]  # 0 where rows differ
    is_flat = len(lengths) == 1
    shape = (math.prod(element.shape),) if is_flat else element.shape
    index = (element.place,) if is_flat else element.index
    if len(lengths) != len(shape) or any(
        there not in (0, wanted) for there, wanted in zip(lengths, shape, strict=True)
    ):
        return ""
    whole, tests = vector.sql, []
    for length, place in zip(shape, index, strict=True):
        tests.append(f"len({whole}) = {length}")
        whole = f"{whole}[{place}]"
    return f"(case when {' and '.join(tests)} then {whole} end)"
