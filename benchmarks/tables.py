"""This file is about the tables in `docs/benchmarks.md`: built from `results/latest.jsonl`, never by hand.

Run: python benchmarks/tables.py   (rewrites the part of the document between the two markers)
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LATEST = HERE / "results" / "latest.jsonl"
DOCUMENT = HERE.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- tables: begin -->", "<!-- tables: end -->"
Row = dict[str, Any]


def read(path: Path) -> list[Row]:
    """All lines of a result file."""
    return [json.loads(text) for text in path.read_text().splitlines() if text.strip()]


def write(path: Path, rows: Iterable[Row]) -> None:
    """Rows as lines, in a stable order."""
    ordered = sorted(rows, key=lambda row: (row["id"], row["question"]))
    path.write_text("".join(json.dumps(row) + "\n" for row in ordered))


def key(row: Row) -> tuple[str, str]:
    """What makes two lines answers to the same question."""
    return row["id"], row["question"]


def rewrite() -> None:
    """Puts the tables of the latest lines into the document."""
    text = DOCUMENT.read_text()
    head, rest = text.split(BEGIN, 1)
    tail = rest.split(END, 1)[1]
    DOCUMENT.write_text(f"{head}{BEGIN}\n{rendered(read(LATEST))}{END}{tail}")


def rendered(rows: list[Row]) -> str:
    """The speed table, then the quality table, as Markdown."""
    speed = [row for row in rows if not row["id"].startswith("Q-")]
    quality = [row for row in rows if row["id"].startswith("Q-")]
    return "\n" + _speed_table(speed) + "\n" + _quality_table(quality) + "\n" + _provenance(rows)


def _speed_table(rows: list[Row]) -> str:
    lines = [
        "| id | question | measured | target | met | ratio to baseline | quality |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for row in rows:
        met = {True: "yes", False: "**no**", None: ""}[row["met"]]
        target = "" if row["target"] is None else f"{row['target']:g} {row['unit']}"
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} × {row['baseline']}"
        lines.append(
            f"| {row['id']} | {row['question']} | {_number(row['value'])} {row['unit']} | {target} | {met} "
            f"| {ratio} | {_facts(row['quality'])} |"
        )
    return "\n".join(lines) + "\n"


def _quality_table(rows: list[Row]) -> str:
    lines = ["| id | question | metrics (± 95 % interval) |", "| --- | --- | --- |"]
    for row in rows:
        interval = row["interval"] or {}
        shown = ", ".join(
            f"{name} {_number(value)}" + (f" {_plus_minus(interval[name])}" if name in interval else "")
            for name, value in (row["metrics"] or {}).items()
        )
        lines.append(f"| {row['id']} | {row['question']} | {shown} |")
    return "\n".join(lines) + "\n"


def _provenance(rows: list[Row]) -> str:
    seen = sorted(
        {f"{row['date']}, commit {row['commit']}, {row['machine'].split(', load')[0]}" for row in rows}
    )
    return "".join(f"- {each}\n" for each in seen)


def _plus_minus(interval: float | list[float]) -> str:
    if isinstance(interval, list):
        return f"[{_number(interval[0])}, {_number(interval[1])}]"
    return f"± {_number(interval)}"


def _number(value: float) -> str:
    if value == int(value) and abs(value) >= 1:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 100 else f"{value:.3g}"


def _facts(facts: dict[str, Any] | None) -> str:
    return ", ".join(
        f"{k} {_number(v) if isinstance(v, int | float) else v}" for k, v in (facts or {}).items()
    )


if __name__ == "__main__":
    rewrite()
    sys.exit(0)
