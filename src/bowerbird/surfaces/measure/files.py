"""This file is about the files of a report: JSON, a page, and the rows that could not be read."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bowerbird.learn.data.raw import Rejects
from bowerbird.surfaces.measure.page import page_of


def write_report(out: Path, report: dict[str, Any], rejects: Rejects) -> None:
    """`report.json`, `report.html`, and `rejects.jsonl` where there are any."""
    out.mkdir(parents=True, exist_ok=True)
    texts = {"report.json": json.dumps(report, indent=1), "report.html": page_of(report)}
    lines = [json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rejects.rows]
    if lines:
        texts["rejects.jsonl"] = "".join(lines)
    for name, text in texts.items():
        part = out / f"{name}.part"
        part.write_text(text)
        part.replace(out / name)
