import sys

from shell import ROOT

sys.path.insert(0, str(ROOT / "benchmarks"))
import tables


def test_tables_in_document_are_the_ones_built_from_the_latest_lines() -> None:
    text = tables.DOCUMENT.read_text()

    between = text.split(tables.BEGIN, 1)[1].split(tables.END, 1)[0]

    assert between == "\n" + tables.rendered(tables.read(tables.LATEST))


def test_every_line_carries_what_makes_it_checkable() -> None:
    needed = {"id", "question", "value", "unit", "target", "baseline", "ratio", "quality", "met"}
    needed |= {"commit", "date", "machine"}

    for row in tables.read(tables.LATEST):
        assert needed <= set(row), row["id"]
        assert row["commit"] != "unknown"


def test_speed_is_never_given_without_quality_or_baseline() -> None:
    speeds = [row for row in tables.read(tables.LATEST) if row["unit"] in ("ms", "per s")]

    assert all(row["quality"] or row["baseline"] for row in speeds)
