"""The table of what came of a soak."""

from __future__ import annotations

from collections import Counter


class Tally:
    """Counts by part, thing and outcome, and a text for each that is wrong."""

    def __init__(self) -> None:
        self.counts: Counter[tuple[str, str, str]] = Counter()
        self.wrong: list[str] = []

    def add(self, part: str, thing: str, outcome: str, n: int = 1) -> None:
        self.counts[part, thing, outcome] += n

    def fault(self, part: str, thing: str, what: str, said: str) -> None:
        self.counts[part, thing, what.upper()] += 1
        self.wrong.append(f"{part}, {thing}: {what}: {said}")
        print(self.wrong[-1], flush=True)

    def text(self) -> str:
        return "\n".join(
            f"{part:<9} {thing:<24} {outcome:<36} {n:>7,}" for (part, thing, outcome), n in sorted(self.counts.items())
        )
