"""This file is about the page of a comparison: one HTML file that needs nothing else."""

import json
from html import escape
from typing import Any

from bowerbird.surfaces.measure.plots import Bar, Dot, bars, scatter

_PLOTS = (
    ("recall@10", "Recall@10"),
    ("ndcg@10", "NDCG@10"),
    ("recall@50", "Recall@50"),
    ("mrr@10", "MRR@10"),
    ("tail_recall@10", "Recall@10 of items outside the most popular fifth"),
    ("cold_recall@50", "Recall@50 of items with fewer than five training interactions"),
    ("new_recall@50", "Recall@50 of items without any training interaction"),
    ("coverage@10", "Share of the catalogue that is in anybody's first ten"),
    ("novelty@10", "Novelty of the first ten, in bits"),
    ("diversity@10", "Diversity of the first ten: 1 less mean cosine"),
)
_STYLE = """
body{font:15px/1.5 system-ui,sans-serif;max-width:980px;margin:2rem auto;padding:0 1rem;color:#222}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin:2rem 0 .5rem}table{border-collapse:collapse;font-size:13px}
td,th{padding:.25rem .6rem;border-bottom:1px solid #ddd;text-align:right}
td:first-child,th:first-child{text-align:left}
svg{max-width:100%;height:auto;font:12px system-ui,sans-serif}.bar{fill:#c9d8e6}
.interval{stroke:#234;stroke-width:2}
.value{fill:#555}.grid{stroke:#eee}.dot{fill:#3a6ea5}.yes{font-weight:600}pre{white-space:pre-wrap;font-size:12px}
"""


def page_of(report: dict[str, Any]) -> str:
    """The whole page."""
    data, split = report["data"], report["split"]
    heading = f"{data['name']}: models compared"
    told = "".join(
        f"<h2>{escape(title)}</h2>{plot}"
        for name, title in _PLOTS
        if (plot := _bars(report, name)) is not None
    )
    parts = [
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(heading)}</title>',
        f"<style>{_STYLE}</style><h1>{escape(heading)}</h1>",
        f"<p>Split <b>{split['kind']}</b>, sha256 <code>{split['sha256']}</code>. "
        f"{split['persons_tested']:,} persons tested on {split['targets']:,} targets, {split['items']:,} "
        f"items, all of them ranked. Time ties: {escape(data['settings']['time_ties'])}. Lines are 95 % "
        "intervals: bootstrap over persons, with what seeds do taken in.</p>",
        _metrics_table(report),
        told,
        "<h2>Recall@10 against the time of one request</h2>",
        _against_latency(report),
        "<h2>Differences</h2>",
        _differences(report),
        _sources(report),
        "<h2>Costs</h2>",
        _costs(report),
        f"<h2>Settings</h2><pre>{_everything(report)}</pre></html>",
    ]
    return "\n".join(parts)


def _everything(report: dict[str, Any]) -> str:
    return escape(json.dumps({key: value for key, value in report.items() if key != "models"}, indent=1))


def _bars(report: dict[str, Any], name: str) -> str | None:
    given = [
        Bar(model, metric["mean"], metric.get("low"), metric.get("high"))
        for model, each in report["models"].items()
        if (metric := each["metrics"].get(name)) is not None
    ]
    return bars(given) if given else None


def _against_latency(report: dict[str, Any]) -> str:
    dots = [
        Dot(model, each["runs"][0]["latency_p50_ms"], each["metrics"]["recall@10"]["mean"])
        for model, each in report["models"].items()
        if "recall@10" in each["metrics"]
    ]
    return scatter(dots, x_name="p50 of one request in ms, one thread", y_name="recall@10") if dots else ""


def _metrics_table(report: dict[str, Any]) -> str:
    names = [
        f"{kind}@{k}"
        for kind in ("recall", "ndcg", "mrr", "hit")
        for k in report["settings"]["evaluation"]["cutoffs"]
    ]
    rows = []
    for model, each in report["models"].items():
        metrics = each["metrics"]
        cells = [f"{metrics[name]['mean']:.4f}{_spread(metrics[name])}" for name in names if name in metrics]
        rows.append([model, *cells])
    return _table(["model", *names], rows)


def _spread(metric: dict[str, Any]) -> str:
    sd = metric.get("seed_sd")
    return "" if sd is None else f" (sd {sd:.4f})"


def _differences(report: dict[str, Any]) -> str:
    rows = [
        [
            f"{each['first']} − {each['second']}",
            each["metric"],
            f"{each['mean']:+.4f}",
            f"[{each['low']:+.4f}, {each['high']:+.4f}]",
            "yes" if each["excludes_zero"] else "no",
        ]
        for each in report["differences"]
        if each["mean"] >= 0
    ]
    return _table(["pair", "metric", "difference", "95 % interval, paired", "excludes zero"], rows)


def _sources(report: dict[str, Any]) -> str:
    """Of models that are made of others: what each of those was good for; nothing where there is none."""
    rows = [
        [
            f"{model}, seed {run['seed']}: {source}",
            *(
                f"{told[name]:.1%}"
                for name in ("share_of_places", "share_of_hits", "share_of_hits_only_here")
            ),
        ]
        for model, each in report["models"].items()
        for run in each["runs"]
        for source, told in run["facts"].get("sources", {}).items()
    ]
    if not rows:
        return ""
    names = ["model: source", "proposed of places", "proposed of hits", "hits that no other proposed"]
    return "<h2>Sources of merged models: the first ten, validation part</h2>" + _table(names, rows)


def _costs(report: dict[str, Any]) -> str:
    rows = []
    for model, each in report["models"].items():
        for run in each["runs"]:
            facts = run["facts"]
            rows.append(
                [
                    f"{model}, seed {run['seed']}",
                    f"{run['fit_seconds']:,.1f}",
                    f"{run['fit_cpu_seconds']:,.1f}",
                    f"{run['fit_peak_mb']:,.0f}",
                    f"{facts.get('parameters', 0):,}",
                    f"{facts.get('size_bytes', 0) / 1e6:,.2f}",
                    f"{run['latency_p50_ms']:.2f}",
                    f"{run['latency_p99_ms']:.2f}",
                    run["code"],
                ]
            )
    names = ["run", "fit s", "CPU s", "peak MB", "parameters", "size MB", "p50 ms", "p99 ms", "code"]
    return _table(names, rows)


def _table(names: list[str], rows: list[list[str]]) -> str:
    head = "".join(f"<th>{escape(name)}</th>" for name in names)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"
