"""Folders that cannot be used: each is refused with a sentence that says what to do."""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from bowerbird.adapters.huggingface import load_folder
from bowerbird.core.errors import ConfigError, MissingModelError

pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

Folder = Callable[[str], Path]


@pytest.fixture
def copied(tmp_path: Path, model_folder: Folder) -> Callable[[str], Path]:
    """A copy of a tiny model that a test may spoil."""

    def copy(name: str) -> Path:
        shutil.copytree(model_folder(name), tmp_path / name)
        return tmp_path / name

    return copy


@pytest.mark.parametrize("name", ["torch", "transformers"])
def test_absent_package_is_named_with_its_extra(
    model_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    folder = model_folder("vit")
    monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(
        MissingModelError, match=rf"{name} is not installed.*pip install 'bowerbird\[train\]'"
    ):
        load_folder(folder, tmp_path)


def test_absent_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match=r"nowhere is not there; .*download it first"):
        load_folder(tmp_path / "nowhere", tmp_path)


def test_folder_without_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingModelError, match=r"holds no config\.json"):
        load_folder(tmp_path, tmp_path)


def test_weights_that_can_run_code_are_refused_unread(copied: Folder, tmp_path: Path) -> None:
    folder = copied("clip")
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")

    with pytest.raises(MissingModelError, match=r"pytorch_model\.bin; needed are weights as \*\.safetensors"):
        load_folder(folder, tmp_path)


def test_damaged_weights_are_refused(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: len(content) // 2])

    with pytest.raises(MissingModelError, match="cannot be read"):
        load_folder(folder, tmp_path)


def test_weights_of_another_size_are_refused(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"intermediate_size": 41}))

    with pytest.raises(MissingModelError, match="vit cannot be read"):
        load_folder(folder, tmp_path)


def test_half_of_a_model_is_refused_instead_of_filled_by_chance(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    settings = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(settings | {"num_hidden_layers": 3}))

    with pytest.raises(MissingModelError, match="lacks 16 weights"):
        load_folder(folder, tmp_path)


def test_unknown_architecture_is_refused(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    (folder / "config.json").write_text('{"model_type": "abacus"}')

    with pytest.raises(ConfigError, match=r"'abacus'.*choose another model"):
        load_folder(folder, tmp_path)


def test_code_of_the_folder_is_never_run(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    own = {"AutoConfig": "own.Config", "AutoModel": "own.Model"}
    (folder / "config.json").write_text(json.dumps({"model_type": "abacus", "auto_map": own}))
    (folder / "own.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")

    with pytest.raises(ConfigError, match="without running code of the folder"):
        load_folder(folder, tmp_path)

    assert not (tmp_path / "ran").exists()


def test_model_that_embeds_nothing_is_refused(tmp_path: Path) -> None:
    config = transformers.T5Config(vocab_size=9, d_model=8, d_kv=4, d_ff=8, num_layers=1, num_heads=2)
    transformers.T5Model(config).save_pretrained(tmp_path / "t5")

    with pytest.raises(ConfigError, match="neither a plain vision nor a plain text encoder"):
        load_folder(tmp_path / "t5", tmp_path)


@pytest.mark.parametrize(
    ("name", "lost", "said"),
    [
        ("clip", "preprocessor_config.json", "no image processor"),
        ("vit", "preprocessor_config.json", "no image processor"),
        ("clip", "tokenizer.json", "no tokenizer"),
        ("bert", "tokenizer.json", "no tokenizer"),
    ],
)
def test_lost_preparation_is_named(copied: Folder, tmp_path: Path, name: str, lost: str, said: str) -> None:
    folder = copied(name)
    (folder / lost).unlink()

    with pytest.raises(MissingModelError, match=f"{said}; needed is {lost}"):
        load_folder(folder, tmp_path)


@pytest.mark.parametrize(
    ("name", "spoilt", "said"),
    [("vit", "preprocessor_config.json", "image processor"), ("bert", "tokenizer.json", "tokenizer")],
)
def test_unreadable_preparation_is_refused(
    copied: Folder, tmp_path: Path, name: str, spoilt: str, said: str
) -> None:
    folder = copied(name)
    (folder / spoilt).write_text("{")

    with pytest.raises(MissingModelError, match=f"has an? {said} that cannot be read"):
        load_folder(folder, tmp_path)


def test_preparation_of_another_model_is_refused_when_loading(copied: Folder, tmp_path: Path) -> None:
    folder = copied("vit")
    settings = json.loads((folder / "preprocessor_config.json").read_text())
    size = {"size": {"height": 48, "width": 48}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings | size))

    with pytest.raises(MissingModelError, match="image processor does not fit"):
        load_folder(folder, tmp_path)


def test_text_model_with_further_layers_is_refused(copied: Folder, tmp_path: Path) -> None:
    folder = copied("bert")
    (folder / "modules.json").write_text('[{"type": "sentence_transformers.models.Dense"}]')

    with pytest.raises(ConfigError, match="asks for Dense"):
        load_folder(folder, tmp_path)


@pytest.mark.parametrize(("name", "side"), [("bert", "pictures"), ("vit", "words")])
def test_model_on_the_wrong_side_is_refused(
    model_folder: Folder, tmp_path: Path, name: str, side: str
) -> None:
    shutil.copytree(model_folder(name), tmp_path / "two" / side)

    with pytest.raises(ConfigError, match=f"needed is one for {side}"):
        load_folder(tmp_path / "two", tmp_path)
