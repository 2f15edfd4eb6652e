"""Faults to plant in the text of a `.sql` file: each is one small change that a test should notice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

COMMENT_OR_STRING = re.compile(r"--[^\n]*|'(?:[^']|'')*'")
#: What is put in the place of a match, by the kind of fault; a match of several kinds is several faults.
SWAPS: list[tuple[str, str, str]] = [
    ("sign", r"(?<=[\w)\]] )\+(?= [\w(\[])", "-"),
    ("sign", r"(?<=[\w)\]] )-(?= [\w(\[])", "+"),
    ("sign", r"(?<=[(,=<>*/ ])-(?=[a-z(])", ""),
    ("sign", r"(?<=\n)\+(?= )", "-"),
    ("sign", r"(?<=\n)-(?= )", "+"),
    ("sign", r"(?<=\n    )\+(?= )", "-"),
    ("sign", r"(?<=\n    )-(?= )", "+"),
    ("quotient", r"(?<=[\w)\]] )/(?= [\w(])", "*"),
    ("quotient", r"(?<!select )(?<!distinct )(?<=[\w)\]] )\*(?= [\w(\[-])", "/"),
    ("quotient", r"\b([\w.]+) / ([\w.]+)\b(?!\()", r"\2 / \1"),
    ("comparison", r"(?<= )<=(?= )", ">"),
    ("comparison", r"(?<= )>=(?= )", "<"),
    ("comparison", r"(?<=[ \n])<(?= )", ">="),
    ("comparison", r"(?<=[ \n])>(?= )", "<="),
    ("comparison", r"(?<=[ \n])=(?= )", "<>"),
    ("comparison", r"(?<= )<>(?= )", "="),
    ("logic", r"(?<=\s)and(?=\s)", "or"),
    ("logic", r"(?<=\s)or(?=\s)(?! replace)", "and"),
    ("logic", r"\bnot (?!null|materialized)", ""),
    ("logic", r"\bis not null\b", "is null"),
    ("logic", r"\bis null\b", "is not null"),
    ("logic", r"\btrue\b", "false"),
    ("logic", r"\bfalse\b", "true"),
    ("join", r"\binner join\b", "left join"),
    ("join", r"\bleft join\b", "inner join"),
    ("join", r"\bfull join\b", "left join"),
    ("aggregate", r"\b(arg_|list_)?min\(", r"\1max("),
    ("aggregate", r"\b(arg_|list_)?max\(", r"\1min("),
    ("aggregate", r"\bgreatest\(", "least("),
    ("aggregate", r"\bleast\(", "greatest("),
    ("aggregate", r"\bsum\(", "avg("),
    ("aggregate", r"\bavg\(", "sum("),
    ("aggregate", r"\bmedian\(", "avg("),
    ("aggregate", r"\bstddev_samp\(", "var_samp("),
    ("aggregate", r"\bstddev_pop\(", "var_pop("),
    ("order", r" desc\b", " asc"),
    ("order", r"\bnulls first\b", "nulls last"),
    ("function", r"\bsin\(", "cos("),
    ("function", r"\bcos\(", "sin("),
    ("function", r"\b(sqrt|abs|floor|degrees|radians|ln|exp|round)\(", "("),
    ("function", r"\blog10\(", "ln("),
    ("function", r"\bsum_rows\(", "("),
]
NUMBER = re.compile(r"(?<![\w.\[])(\d+\.\d+(?:e-?\d+)?|\d+e-?\d+|\d+)(?![\w.\]])")
#: Where a condition ends, if no bracket closes before.
ENDS = re.compile(r"\b(?:group by|order by|union|qualify|having|window|limit|select|where)\b|;|\n\s*\n")


@dataclass(frozen=True)
class Fault:
    """A change of a text from `start` to `end` into `becomes`."""

    kind: str
    start: int
    end: int
    becomes: str

    def apply(self, text: str) -> str:
        return text[: self.start] + self.becomes + text[self.end :]

    def said(self, text: str) -> tuple[int, str, str]:
        """The number of its line, and the line before and after."""
        number = text.count("\n", 0, self.start)
        first = text.rfind("\n", 0, self.start) + 1
        last = text.find("\n", self.end)
        last = len(text) if last < 0 else last
        changed = text[first : self.start] + self.becomes + text[self.end : last]
        return number + 1, " ".join(text[first:last].split()), " ".join(changed.split())


def faults(text: str) -> list[Fault]:
    """Every fault that can be planted in a text of SQL, none of them in a comment or a string."""
    masked = COMMENT_OR_STRING.sub(lambda found: "~" * len(found[0]), text)
    masked = _without_between(masked)
    return sorted(
        {*_swaps(masked, text), *_constants(masked), *_conditions(masked)}, key=lambda f: (f.start, f.becomes)
    )


def _without_between(masked: str) -> str:
    """The `and` of `between … and …` is no logic."""
    return re.sub(r"(\bbetween\b[^;]*?\s)and(?=\s)", r"\1~~~", masked)


def _swaps(masked: str, text: str) -> Iterator[Fault]:
    for kind, pattern, becomes in SWAPS:
        for found in re.finditer(pattern, masked):
            planted = re.sub(pattern, becomes, text[found.start() : found.end()]) if "\\" in becomes else becomes
            if planted != text[found.start() : found.end()]:
                yield Fault(kind, found.start(), found.end(), planted)


def _constants(masked: str) -> Iterator[Fault]:
    for found in NUMBER.finditer(masked):
        number = found[0]
        if re.search(r"<<\s*$|>>\s*$|range\($", masked[: found.start()]):
            continue
        if re.fullmatch(r"\d+", number):
            planted = str(max(int(number) + 1, round(int(number) * 1.1)))
        else:
            planted = repr(float(number) * 1.1) if float(number) else "0.1"
        yield Fault("constant", *found.span(), planted)


def _conditions(masked: str) -> Iterator[Fault]:
    """Each condition of a `where` left out alone, a `filter (where …)` whole."""
    for found in re.finditer(r"\bwhere\b", masked):
        end = _end_of_condition(masked, found.end())
        parts = [*_conjuncts(masked, found.end(), end)]
        for start, stop in parts:
            yield Fault("condition", start, stop, "true")


def _end_of_condition(masked: str, start: int) -> int:
    depth = 0
    place = start
    while place < len(masked):
        depth += {"(": 1, ")": -1}.get(masked[place], 0)
        if depth < 0 or (depth == 0 and ENDS.match(masked, place)):
            return place
        place += 1
    return place


def _conjuncts(masked: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The places of what stands between the `and`s that are in no bracket."""
    depth, first = 0, start
    for place in range(start, end):
        depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(masked[place], 0)
        if depth == 0 and re.match(r"\sand\s", masked[place:end]):
            yield _stripped(masked, first, place)
            first = place + 4
    yield _stripped(masked, first, end)


def _stripped(masked: str, start: int, end: int) -> tuple[int, int]:
    part = masked[start:end]
    return start + len(part) - len(part.lstrip()), end - len(part) + len(part.rstrip())
