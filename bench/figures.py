"""Figures from samples, and the tables and files that they go to."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from bench.machine import described

OUT = Path(__file__).parent / "out"

Samples = Sequence[float]
"""One round's times, in milliseconds."""


def percentile(samples: Samples, share: float) -> float:
    """The nearest rank: a value that was measured."""
    ordered = sorted(samples)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def of_rounds(rounds: Sequence[Samples]) -> dict[str, float]:
    """Medians over the rounds of each round's percentiles, and the number of samples in all."""
    return {
        "p50_ms": round(median(percentile(samples, 0.5) for samples in rounds), 3),
        "p99_ms": round(median(percentile(samples, 0.99) for samples in rounds), 3),
        "n": sum(map(len, rounds)),
    }


def write(name: str, figures: Mapping[str, Any], title: str, table: Sequence[Sequence[object]], notes: Sequence[str]) -> None:
    """`out/<name>.json` with the figures alone; `out/<name>.md` and the terminal with what a reader needs to judge them."""
    OUT.mkdir(exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(figures, indent=2) + "\n")
    text = "\n".join([f"# {title}", "", *_lines(table), "", *(f"- {note}" for note in [*notes, *described()])])
    (OUT / f"{name}.md").write_text(text + "\n")
    print(f"\n{text}\n", flush=True)


def _lines(table: Sequence[Sequence[object]]) -> list[str]:
    """A Markdown table, its columns aligned; the first row is its head."""
    cells = [[f"{cell:,.2f}" if isinstance(cell, float) else str(cell) for cell in row] for row in table]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    rows = ["| " + " | ".join(_padded(row, widths)) + " |" for row in cells]
    rule = "|" + "|".join("-" * (width + 1) + (":" if n else "-") for n, width in enumerate(widths)) + "|"
    return [rows[0], rule, *rows[1:]]


def _padded(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    return [cell.rjust(width) if n else cell.ljust(width) for n, (cell, width) in enumerate(zip(row, widths, strict=True))]
