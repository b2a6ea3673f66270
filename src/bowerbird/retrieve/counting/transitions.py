"""This file is about transitions: what people met next after an item, counted."""

from pathlib import Path
from typing import Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from bowerbird.learn.data import Interactions
from bowerbird.retrieve.counting.linked import LinkedRetriever
from bowerbird.retrieve.counting.links import links_of_pairs, load_links


class TransitionsConfig(BaseModel):
    """How steps are counted and followed.

    Attributes:
        window: steps ahead that count; n steps ahead counts 1/n.
        decay: what the item before the newest one counts, against the newest; and so on.
        entries: newest items of a history that are followed.
        damping: counts are divided by (all steps out of the item) to this power; 0: plain counts.
        prior: what the most popular item gets on top; enough to order what no step leads to.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    window: Annotated[int, Field(ge=1)] = 1
    decay: Annotated[float, Field(gt=0, le=1)] = 0.6
    entries: Annotated[int, Field(ge=1)] = 20
    damping: Annotated[float, Field(ge=0, le=1)] = 0.0
    prior: Annotated[float, Field(ge=0)] = 1e-3


def transitions_settings(_: Interactions) -> tuple[TransitionsConfig, ...]:
    """The plain count first, then longer windows, other decays, damping."""
    plain = TransitionsConfig()
    others = [
        TransitionsConfig(window=window, decay=decay, damping=damping)
        for window in (1, 3, 10)
        for damping in (0.0, 0.5)
        for decay in (0.4, 0.7)
    ]
    return (plain, *others[1:])


def fit_transitions(training: Interactions, setting: TransitionsConfig, _: int) -> LinkedRetriever:
    """Steps of the training part, counted."""
    count = training.item_count
    steps = []
    for ahead in range(1, setting.window + 1):
        same = training.persons[ahead:] == training.persons[:-ahead]
        steps.append((training.items[:-ahead][same], training.items[ahead:][same], 1 / ahead))
    sources = np.concatenate([step[0] for step in steps])
    targets = np.concatenate([step[1] for step in steps])
    weights = np.concatenate([np.full(len(step[0]), step[2]) for step in steps])
    if setting.damping:
        out = np.bincount(sources, weights, minlength=count)
        weights /= np.power(out[sources], setting.damping)
    links = links_of_pairs(sources, targets, weights, count)
    return LinkedRetriever(
        links,
        prior_of(training, setting.prior),
        decay=setting.decay,
        entries=setting.entries,
        setting=setting,
    )


def load_transitions(folder: Path) -> LinkedRetriever:
    """What `save` wrote."""
    setting = TransitionsConfig.model_validate_json((folder / "setting.json").read_text())
    links, prior = load_links(folder)
    return LinkedRetriever(links, prior, decay=setting.decay, entries=setting.entries, setting=setting)


def prior_of(training: Interactions, most: float) -> np.ndarray:
    """float32 [N] popularity, the most popular item at `most`."""
    counts = training.item_counts()
    return (most * counts / max(int(counts.max(initial=0)), 1)).astype(np.float32)
