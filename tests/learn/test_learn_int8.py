"""Models in 8 bits: nearly the same answers, no neighbours in them, and a report that says how near."""

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))
from learn_world import histories, ring

from bowerbird.cli import learn
from bowerbird.cli.main import main
from bowerbird.core.errors import InputError
from bowerbird.learn.config import TrainingConfig
from bowerbird.learn.int8 import int8_bytes, static_int8_bytes
from bowerbird.learn.splits import Split, split
from bowerbird.learn.types import Budget, FitPlan, Retriever
from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever
from bowerbird.retrieve.generative import GenerativeConfig
from bowerbird.retrieve.generative.train import GenerativeRetriever
from bowerbird.retrieve.hstu import HstuConfig
from bowerbird.retrieve.hstu.train import HstuRetriever
from bowerbird.retrieve.sasrec import SasrecConfig, ServedSasrec
from bowerbird.retrieve.sasrec.served import load_sasrec
from bowerbird.retrieve.sasrec.train import SasrecRetriever
from bowerbird.surfaces.measure.precision import in_eight_bits

TRAINER = TrainingConfig(epochs=12, learning_rate=0.02, patience=3)
SMALL = SasrecConfig(width=16, inner=32, dropout=0.1, longest=10, rows=8, tokens=16, training=TRAINER)
KINDS: dict[str, Callable[[], Retriever]] = {
    "sasrec": lambda: SasrecRetriever(SMALL),
    "hstu": lambda: HstuRetriever(
        HstuConfig(width=16, dropout=0.1, longest=10, rows=8, tokens=16, training=TRAINER)
    ),
    "generative": lambda: GenerativeRetriever(
        GenerativeConfig(width=16, inner=32, dropout=0.1, longest=10, rows=8, tokens=16, training=TRAINER)
    ),
}


@pytest.fixture(scope="module")
def world() -> Split:
    return split(ring(persons=120, items=30, length=8))


@pytest.fixture(scope="module")
def exact(world: Split, tmp_path_factory: pytest.TempPathFactory) -> ServedSasrec:
    plan = FitPlan(0, Budget(), tmp_path_factory.mktemp("sasrec"))
    return SasrecRetriever(SMALL).fit(world.training, world.validation, plan)


@pytest.mark.parametrize("kind", KINDS)
def test_eight_bits_answer_nearly_alike_and_the_report_says_how_nearly(
    kind: str, world: Split, tmp_path: Path
) -> None:
    fitted = KINDS[kind]().fit(world.training, world.validation, FitPlan(0, Budget(trials=1), tmp_path))

    made = in_eight_bits(fitted, world, name=kind, requests=20)

    report = made.report
    assert report["scales"] == ("dynamic" if kind == "generative" else "static")
    assert report["overlap@10"] > 0.9
    for lost in report["difference"].values():
        assert lost["low"] <= lost["mean"] <= lost["high"]
        assert abs(lost["mean"]) < 0.05
    assert made.fitted.facts["is_int8"]
    assert "is_int8" not in fitted.facts
    for times in (report["one_ms"], report["batch_of_32_ms"]):
        assert all(0 < p50 <= p99 for p50, p99 in times.values())
    json.dumps(report)


def test_static_scales_keep_neighbours_and_padding_out_of_an_answer(
    world: Split, exact: ServedSasrec
) -> None:
    known = world.training.histories()
    feeds = [exact.inputs(known.rows(row, row + 1)) for row in range(40)]
    static = exact.in_int8(lambda graph: static_int8_bytes(graph, feeds))
    dynamic = exact.in_int8(int8_bytes)
    rows = [[3, 4, 5], [7], list(range(9)), [9, 8, 9, 8, 9, 8, 9]]

    def apart(model: ServedSasrec) -> float:
        together = model.queries(histories(rows))
        alone = np.concatenate([model.queries(histories([row])) for row in rows])
        return float(np.abs(together - alone).max() / np.abs(alone).max())

    assert apart(static) < 1e-4
    assert apart(dynamic) > 10 * apart(static)


def test_saved_model_in_eight_bits_is_smaller_and_answers_alike(
    world: Split, exact: ServedSasrec, tmp_path: Path
) -> None:
    small = in_eight_bits(exact, world, name="sasrec", requests=5).fitted

    for name, model in (("exact", exact), ("small", small)):
        (tmp_path / name).mkdir()
        model.save(tmp_path / name)

    asked = world.test.histories
    again = load_sasrec(tmp_path / "small")
    np.testing.assert_array_equal(again.top(asked, 10).items, small.top(asked, 10).items)
    assert again.facts["is_int8"]


def test_models_without_a_graph_and_scales_without_histories_say_so(world: Split, tmp_path: Path) -> None:
    counting = TunedRetriever(COUNTING_KINDS["popularity"])
    fitted = counting.fit(world.training, world.validation, FitPlan(0, Budget(), tmp_path))

    with pytest.raises(InputError, match="popularity has no graph"):
        in_eight_bits(fitted, world, name="popularity", requests=5)
    with pytest.raises(InputError, match="no inputs were given"):
        static_int8_bytes(b"", [])


def test_train_with_precision_int8_keeps_that_form_and_tells_how_it_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(learn, "retrievers_of", lambda _: [SasrecRetriever(SMALL)])
    lines = [f"p{person} " + " ".join(str((person + step) % 20) for step in range(8)) for person in range(60)]
    (tmp_path / "sequences.txt").write_text("\n".join(lines))
    words = ["learn", "train", "--model", "sasrec", "--data", str(tmp_path), "--out", str(tmp_path / "out")]

    assert main([*words, "--precision", "int8"]) == 0
    said = capsys.readouterr().out
    assert main(words) == 0

    assert "8 bits (static scales)" in said
    assert "8 bits" not in capsys.readouterr().out
    cards = [
        json.loads(path.read_text()) for path in sorted((tmp_path / "out" / "sasrec").glob("*/card.json"))
    ]
    assert sorted("int8" in card["facts"] for card in cards) == [False, True]
