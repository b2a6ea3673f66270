"""Does the ranker that learns tell which impressions of a real shop were clicked, and how true are its chances?

Open Bandit (Saito et al., 2008.07146, the small sample): six logs of 10,000 impressions, each a page of its own, with about 290
clicks in all. No persons are told: rows with the same hashed features are one person, and what was shown to them and clicked
before is their history. A click counts as a save. By time, half learns, a quarter stops and calibrates, a quarter judges.
Intervals: 95 %, bootstrap over those persons, paired with LightGBM.

Run: python benchmarks/bench_rank_clicks.py [--epochs N] [--out FILE]
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import record
from rank_rivals import NO_SEQUENCE, forest, likeness
from real_logs import BANDIT, clicks, tell
from scipy.stats import rankdata

from bowerbird.rank.ranker import ItemSide, RankerConfig
from bowerbird.rank.ranker.calibration import trueness
from bowerbird.rank.ranker.requests import Pasts, requests_of
from bowerbird.rank.ranker.served import along, main_directions
from bowerbird.rank.ranker.train import logits_of, split, table_of, train_ranker

DRAWS = 400


def main() -> int:
    parser = record.parser(__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--seed", type=int, default=0)
    made = parser.parse_args()
    if not BANDIT.is_dir():
        print("skipped: the shared data are not on this machine", file=sys.stderr)
        return 0
    record.write(BanditBench(made.epochs, made.seed).lines(), made.out)
    return 0


class BanditBench:
    """Six logs as one, every ranker; a click is the only action, and counts as a save."""

    def __init__(self, epochs: int, seed: int) -> None:
        self.seed = seed
        self.acts, self.raw, self.items, self.campaign = clicks()
        config = RankerConfig(held_out=0.5, recent=8, long=64, slots=1, requests=128)
        self.config = config.model_copy(
            update={"training": config.training.model_copy(update={"epochs": epochs})}
        )
        centre, directions = main_directions(self.raw, self.config.basis)
        own = ItemSide(
            along(self.raw, centre, directions),
            self.items.created_ms,
            self.items.categories,
            self.items.owners,
        )
        self.own, self.pasts = own, Pasts(self.acts)
        whole = table_of(requests_of(self.acts), self.acts, own, self.config)
        self.learning, later = split(whole, self.config.held_out)
        self.calibrating, self.judging = split(later, 0.5)
        tell(f"{len(whole.requests):,} rows, {self.judging.requests.labels.sum()} clicks judge")

    def lines(self) -> Iterator[dict[str, Any]]:
        pages = self.judging.requests
        labels, drawn = pages.labels[:, 0], drawn_persons(pages.persons)
        places = {f", place {place}": pages.positions == place for place in range(3)}
        reference: np.ndarray | None = None
        for name, scores, chances in self.lineup():
            aucs = self.aucs(scores, [np.arange(len(labels)), *drawn])
            metrics, spread = {"auc": round(float(aucs[0]), 4)}, {"auc": quantiles(aucs[1:])}
            if name == "LightGBM":
                reference = aucs
            elif reference is not None:
                gains = aucs - reference
                metrics["auc over LightGBM"] = round(float(gains[0]), 4)
                spread["auc over LightGBM"] = quantiles(gains[1:])
            if chances is not None:
                sure = np.clip(chances, 1e-6, 1 - 1e-6).astype(np.float64)
                metrics["loss a row"] = round(
                    float(-np.where(labels, np.log(sure), np.log1p(-sure)).mean()), 5
                )
                for what, inside in {"": labels >= 0, **places}.items():
                    true = trueness(chances[inside], labels[inside])
                    metrics |= {f"said/was{what}": round(true.ratio, 3), f"ece{what}": round(true.ece, 5)}
            yield record.line(
                f"Q-rank-open-bandit-{name.replace(' ', '-').replace(',', '')}",
                "which later impressions were clicked, mean AUC within three campaigns; Open Bandit, small sample",
                metrics["auc"], "AUC", better="higher", baseline="LightGBM on the same features", metrics=metrics,
                interval=spread, rows=len(labels), clicks=int(labels.sum()),
            )  # fmt: skip

    def lineup(self) -> Iterator[tuple[str, np.ndarray, np.ndarray | None]]:
        """Name, scores of the rows that judge, chances of a click."""
        pages, before = self.judging.requests, self.learning.requests
        rates = np.zeros(len(self.raw))
        for campaign in np.unique(self.campaign):
            inside = self.campaign == campaign
            shown = np.bincount(before.items, minlength=len(rates))[inside]
            clicked = np.bincount(before.items, weights=before.labels[:, 0], minlength=len(rates))[inside]
            usual = clicked.sum() / max(shown.sum(), 1)
            rates[inside] = (clicked + 500 * usual) / (shown + 500)
        yield "popularity", rates[pages.items], rates[pages.items]
        learning, calibrating, judging = (
            np.column_stack([table.features, likeness(self.pasts, table.requests, self.own.vectors)])
            for table in (self.learning, self.calibrating, self.judging)
        )
        booster = forest(
            learning, before.labels[:, 0], calibrating, self.calibrating.requests.labels[:, 0], self.seed
        )
        said = booster.predict(judging)
        yield "LightGBM", said, said
        for name, update in (("ours without the sequence", NO_SEQUENCE), ("ours", {})):
            config = self.config.model_copy(update=update)
            with tempfile.TemporaryDirectory() as folder:
                ranker = train_ranker(
                    self.acts,
                    self.raw,
                    self.items,
                    config,
                    space="bandit",
                    seed=self.seed,
                    folder=Path(folder),
                ).ranker
            table = table_of(pages, self.acts, self.own, config)
            chances = ranker.calibrated.chances(logits_of(ranker, table, self.own))[:, 0]
            yield name, chances.astype(np.float64), chances

    def aucs(self, scores: np.ndarray, draws: list[np.ndarray]) -> np.ndarray:
        """Of each draw of rows: the mean over campaigns."""
        labels, campaign = self.judging.requests.labels[:, 0], self.campaign[self.judging.requests.items]
        found = []
        for rows in draws:
            each = []
            for one in np.unique(campaign):
                some = rows[campaign[rows] == one]
                good, ranks = labels[some], rankdata(scores[some])
                pairs = good.sum() * (len(some) - good.sum())
                each.append((ranks[good].sum() - good.sum() * (good.sum() + 1) / 2) / max(pairs, 1))
            found.append(np.mean(each))
        return np.array(found)


def drawn_persons(persons: np.ndarray) -> list[np.ndarray]:
    """Rows of 400 draws of as many persons as there are."""
    order = np.argsort(persons, kind="stable")
    _, starts = np.unique(persons[order], return_index=True)
    rows, rng = np.split(order, starts[1:]), np.random.default_rng(0)
    return [
        np.concatenate([rows[each] for each in rng.integers(0, len(rows), len(rows))]) for _ in range(DRAWS)
    ]


def quantiles(values: np.ndarray) -> list[float]:
    return [round(float(each), 4) for each in np.quantile(values, (0.025, 0.975))]


if __name__ == "__main__":
    sys.exit(main())
