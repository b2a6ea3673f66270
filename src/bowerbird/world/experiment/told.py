"""This file is about how an experiment is told: as JSON, as a table, and as a page with a plot."""

import dataclasses
import json
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bowerbird.core.errors import InputError
from bowerbird.world.experiment.arms import Estimate
from bowerbird.world.experiment.chart import Band, lines
from bowerbird.world.experiment.diversity import Answer, DiversityConfig

if TYPE_CHECKING:
    from rich.table import Table

QUESTION = "how many more saves are there when diversity is taken out of the feed?"
_STYLE = """
:root{color-scheme:light dark}body{font:15px/1.55 system-ui,sans-serif;max-width:900px;margin:2.5rem auto;
padding:0 1rem}h1{font-size:1.4rem;line-height:1.25}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}
table{border-collapse:collapse;font-size:13px;margin:1rem 0}
td,th{padding:.3rem .8rem;text-align:right;white-space:nowrap;
border-bottom:1px solid #8884}td:first-child,th:first-child{text-align:left}text{fill:currentColor}
.grid{stroke:#8883}.zero{stroke:currentColor;stroke-opacity:.6}.note{opacity:.75}
"""


def facts_of(config: DiversityConfig, answers: list[Answer]) -> dict[str, Any]:
    """All of it, ready for `json.dumps`; lifts are shares, 0.1 is ten per cent more."""
    return {
        "question": QUESTION,
        "simulated": True,
        "settings": config.model_dump(),
        "rises_then_falls": {answer.people_are: answer.rises_then_falls for answer in answers},
        "answers": [dataclasses.asdict(answer) for answer in answers],
    }


def verdict_of(answers: list[Answer]) -> str:
    """What was seen, in one sentence."""
    first = answers[0]
    parts = [f"{window}: {said(value)}" for window, value in first.saves.items()]
    seen = (
        "Saves rise at first and fall by week two"
        if first.rises_then_falls
        else "No rise and later fall is seen"
    )
    return f"{seen} ({'; '.join(parts)}; {len(first.saves_by_day[0].seeds)} seeds)"


def said(value: Estimate) -> str:
    """A lift with its interval, in per cent."""
    return f"{100 * value.mean:+.1f} % [{100 * value.low:+.1f}, {100 * value.high:+.1f}]"


def table_of(answers: list[Answer]) -> "Table":
    """Lifts of saves by kind of people and window."""
    from rich.table import Table

    table = Table(title=QUESTION, title_justify="left")
    table.add_column("people are")
    for window in answers[0].saves:
        table.add_column(window, justify="right")
    for answer in answers:
        table.add_row(answer.people_are, *(said(value) for value in answer.saves.values()))
    return table


def write(folder: Path, config: DiversityConfig, answers: list[Answer]) -> tuple[Path, Path]:
    """`diversity.json` and `diversity.html` in the folder.

    Raises:
        InputError: the folder cannot be written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        told, page = folder / "diversity.json", folder / "diversity.html"
        told.write_text(json.dumps(facts_of(config, answers), indent=1) + "\n", encoding="utf-8")
        page.write_text(page_of(config, answers), encoding="utf-8")
    except OSError as error:
        raise InputError(
            f"{folder} cannot be written to ({error.strerror}); needed is a folder with room; name another"
        ) from error
    return told, page


def page_of(config: DiversityConfig, answers: list[Answer]) -> str:
    """One HTML file that needs nothing else."""
    head = "".join(f"<th>{escape(window)}</th>" for window in answers[0].saves)
    rows = "".join(
        f"<tr><td>{escape(answer.people_are)}</td>"
        + "".join(f"<td>{escape(said(value))}</td>" for value in answer.saves.values())
        + "</tr>"
        for answer in answers
    )
    bands = [
        Band(
            answer.people_are,
            [100 * day.mean for day in answer.saves_by_day],
            [100 * day.low for day in answer.saves_by_day],
            [100 * day.high for day in answer.saves_by_day],
        )
        for answer in answers
    ]
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>Diversity</title>'
        f"<style>{_STYLE}</style>"
        f"<h1>{escape(verdict_of(answers).split(' (')[0])}</h1>"
        f"<p>Simulated people. With each of {config.seeds} seeds, {config.people:,} people live twice with "
        f"{config.items:,} items. Both times the feed is diverse for {config.warm_days} days; then it stays "
        "so, or its diversity is taken out. The plot shows how many more saves there are without it. The "
        "other lines are people who lack what the effect is due to.</p>"
        + lines(bands, mark=config.warm_days, x_name="day", y_name="saves, % more without diversity")
        + f"<table><tr><th>people are</th>{head}</tr>{rows}</table>"
        '<p class="note">Intervals are 95 % over seeds (Student\'s t); the band is that of people as they '
        "are.</p></html>"
    )
