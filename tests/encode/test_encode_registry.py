"""Choosing encoders by one setting."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from bowerbird.core.errors import ConfigError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import load_encoders


def test_default_setting_gives_the_built_in_pair(tmp_path: Path) -> None:
    encoders = load_encoders(EncodeConfig(models_dir=tmp_path))

    assert encoders.pictures.stamp.name == "lite0-int8"
    assert encoders.words.stamp.name == "minilm-int8"
    assert not encoders.share_space


def test_unknown_kind_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"abacus:/models/x.*lite0.*hf"):
        load_encoders(EncodeConfig(encoder="abacus:/models/x", models_dir=tmp_path))


def test_setting_that_names_no_kind_is_refused() -> None:
    with pytest.raises(ValidationError):
        EncodeConfig(encoder="Lite0 or so")


def test_models_folder_follows_the_cache_setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    assert EncodeConfig().models_folder == tmp_path / "bowerbird" / "models"
