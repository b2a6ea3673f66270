from pathlib import Path

import pytest

from bowerbird.core.errors import MissingModelError, NotFoundError
from bowerbird.learn.registry import ModelCard, ModelRegistry, new_model_id


def card(made_ms: int) -> ModelCard:
    return ModelCard(
        id=new_model_id(), name="sasrec", made_ms=made_ms, data={}, split_sha256="0" * 64, config={}, seed=0,
        metrics={"recall@10": {"mean": 0.1}}, facts={}, code="x",
    )  # fmt: skip


def save(folder: Path) -> None:
    (folder / "weights.bin").write_bytes(b"w")


def test_model_answers_only_after_it_was_activated(tmp_path: Path) -> None:
    registry = ModelRegistry(tmp_path)
    first, second = card(1), card(2)

    assert registry.active("sasrec") is None
    for each in (second, first):
        registry.add(each, save)
    registry.activate("sasrec", first.id)

    assert registry.cards("sasrec") == [first, second]
    assert registry.names() == ["sasrec"]
    found = registry.active("sasrec")
    assert found is not None
    assert found[0] == first
    assert (found[1] / "weights.bin").read_bytes() == b"w"


def test_model_that_could_not_be_saved_whole_is_no_model(tmp_path: Path) -> None:
    registry, each = ModelRegistry(tmp_path), card(1)

    def broken(folder: Path) -> None:
        save(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        registry.add(each, broken)
    assert registry.cards("sasrec") == []
    registry.add(each, save)
    assert registry.cards("sasrec") == [each]


def test_model_in_use_cannot_be_removed_and_others_can(tmp_path: Path) -> None:
    registry, first, second = ModelRegistry(tmp_path), card(1), card(2)
    for each in (first, second):
        registry.add(each, save)
    registry.activate("sasrec", first.id)

    with pytest.raises(NotFoundError, match="in use"):
        registry.remove("sasrec", first.id)
    registry.remove("sasrec", second.id)

    assert registry.cards("sasrec") == [first]


def test_unknown_or_missing_models_are_said(tmp_path: Path) -> None:
    registry, each = ModelRegistry(tmp_path), card(1)
    registry.add(each, save)
    with pytest.raises(NotFoundError, match=each.id):
        registry.activate("sasrec", "nobody")
    registry.activate("sasrec", each.id)
    (tmp_path / "sasrec" / each.id / "card.json").unlink()

    with pytest.raises(MissingModelError, match="learn train"):
        registry.active("sasrec")
