"""This file is about the table of a comparison for a terminal."""

from typing import Any

from rich.table import Table

COLUMNS = ("recall@10", "ndcg@10", "recall@5", "recall@50", "tail_recall@10", "coverage@10")
WITH_INTERVAL = ("recall@10", "ndcg@10")
WIDTH = 150
"""Narrower terminals break the lines; cells are never cut."""


def table_of(report: dict[str, Any]) -> Table:
    """One row a model: metrics with 95 % intervals, then costs. The best of a column is bold."""
    models = report["models"]
    told = [name for name in COLUMNS if any(name in each["metrics"] for each in models.values())]
    table = Table(title=_title(report), title_justify="left", header_style="bold")
    table.add_column("model", no_wrap=True)
    for name in told:
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("fit s", "p50 ms", "p99", "MB"):
        table.add_column(name, justify="right", no_wrap=True)
    best = {
        name: max(each["metrics"].get(name, {}).get("mean", 0.0) for each in models.values()) for name in told
    }
    for model, each in models.items():
        cells = [_cell(name, each["metrics"].get(name), best[name]) for name in told]
        runs = each["runs"]
        costs = [
            f"{_mean(runs, 'fit_seconds'):,.1f}",
            f"{_mean(runs, 'latency_p50_ms'):.2f}",
            f"{_mean(runs, 'latency_p99_ms'):.2f}",
            f"{runs[0]['facts'].get('size_bytes', 0) / 1e6:,.1f}",
        ]
        table.add_row(model, *cells, *costs)
    return table


def _title(report: dict[str, Any]) -> str:
    data, split = report["data"], report["split"]
    return (
        f"{data['name']}: {split['kind']} split {split['sha256'][:12]}, {split['persons_tested']:,} persons, "
        f"{split['items']:,} items, all ranked; time ties {data['settings']['time_ties']}, "
        f"score ties {report['settings']['evaluation']['score_ties']}"
    )


def _cell(name: str, metric: dict[str, Any] | None, best: float) -> str:
    if metric is None:
        return "–"
    text = f"{metric['mean']:.4f}"
    if name in WITH_INTERVAL:
        text += f" ±{(metric['high'] - metric['low']) / 2:.4f}"
    return f"[bold]{text}[/bold]" if metric["mean"] == best else text


def _mean(runs: list[dict[str, Any]], name: str) -> float:
    return float(sum(run[name] for run in runs) / len(runs))
