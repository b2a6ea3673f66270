"""This file is about the report of a comparison: one JSON document, from which table and page are drawn."""

import datetime as dt
import os
import platform
from dataclasses import asdict
from typing import Any

from bowerbird import __version__
from bowerbird.learn.data import Reading
from bowerbird.learn.evaluate import Summary
from bowerbird.learn.splits import Split
from bowerbird.surfaces.measure.compare import Comparison
from bowerbird.surfaces.measure.config import CompareConfig

HEADLINES = ("recall@10", "ndcg@10")
"""Metrics whose differences are told for every pair of models."""


def report_of(
    comparison: Comparison, reading: Reading, split: Split, config: CompareConfig, data: dict[str, Any]
) -> dict[str, Any]:
    """Everything that a reader needs to check the numbers, as plain JSON types.

    Args:
        data: settings that the interactions were read with.
    """
    codes = {card.code for cards in comparison.cards.values() for card in cards}
    return {
        "data": {
            "name": reading.name,
            "form": reading.form,
            "version": reading.version,
            "catalogue_sha256": split.training.catalogue.sha256(),
            "settings": data,
            "cleaning": reading.report.facts(),
            "rejected": reading.rejects.by_code,
        },
        "split": {"kind": split.kind, "sha256": split.sha256, **split.facts},
        "settings": config.model_dump(mode="json"),
        "models": {
            name: {
                "config": cards[0].config,
                "metrics": {metric: _told(each) for metric, each in comparison.summaries[name].items()},
                "runs": [card.model_dump(mode="json", exclude={"config", "split_sha256"}) for card in cards],
            }
            for name, cards in comparison.cards.items()
        },
        "differences": [
            {"first": first, "second": second, "metric": metric, **_told(each)}
            for (first, second), metrics in comparison.differences.items()
            for metric, each in metrics.items()
            if metric in HEADLINES
        ],
        "made": {
            "at": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
            "bowerbird": __version__,
            "code": sorted(codes),
            "machine": f"{os.cpu_count()} cores {platform.machine()}, Python {platform.python_version()}",
        },
    }


def _told(each: Summary) -> dict[str, Any]:
    told: dict[str, Any] = {"mean": each.mean}
    if each.interval is not None:
        told |= asdict(each.interval)
        if not each.seeds:
            told["excludes_zero"] = each.interval.excludes_zero
    if each.seeds:
        told |= {"seed_sd": each.seed_sd, "seeds": list(each.seeds)}
    return told
