"""Tiny models on disk, each saved and loaded once."""

from collections.abc import Callable
from pathlib import Path

import pytest

from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders, load_encoders


@pytest.fixture(scope="session")
def tiny_models_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a tiny model by its name in `tiny_models`."""
    root = tmp_path_factory.mktemp("tiny")

    def folder_of(name: str) -> Path:
        import tiny_models

        if not (root / name).is_dir():
            tiny_models.saved(root / name, getattr(tiny_models, name))
        return root / name

    return folder_of


@pytest.fixture(scope="session")
def tiny(model_folder: Callable[[str], Path], tiny_models_dir: Path) -> Callable[[str], Encoders]:
    """Encoders of a tiny model by its name, loaded by the setting that a person would write."""
    loaded: dict[str, Encoders] = {}

    def encoders_of(name: str) -> Encoders:
        if name not in loaded:
            config = EncodeConfig(encoder=f"hf:{model_folder(name)}", models_dir=tiny_models_dir)
            loaded[name] = load_encoders(config)
        return loaded[name]

    return encoders_of
