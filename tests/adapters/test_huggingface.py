"""Hugging Face checkpoints: tiny random ones, saved to disk and loaded as a user's own would be."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bowerbird.core.errors import MissingModelError
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.registry import Encoders, load_encoders

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

# transformers and torch warn about their own future; that is not ours to mend.
pytestmark = pytest.mark.filterwarnings("ignore")

WORDS = ["a", "b", "red", "blue", "car", "cat", "of", "the", "photo", "##s"]


def save_tokenizer(folder: Path, specials: tuple[str, str, str, str]) -> None:
    """A word-level tokenizer with the specials that the model family asks for."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    pad, unknown, start, end = specials
    words = [*dict.fromkeys([pad, unknown, start, end, *WORDS])]
    inner = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, unk_token=unknown))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, words.index(start)), (end, words.index(end))]
    )
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=pad,
        unk_token=unknown,
        bos_token=start,
        eos_token=end,
        model_max_length=16,
    )
    made.save_pretrained(folder)


def save_preparation(folder: Path, kind: str, size: dict[str, int]) -> None:
    """What the picture has to look like: sizes as in the published checkpoints, only smaller."""
    settings: dict[str, Any] = {
        "image_processor_type": kind,
        "size": size,
        "do_resize": True,
        "do_normalize": True,
        "image_mean": [0.5, 0.5, 0.5],
        "image_std": [0.5, 0.5, 0.5],
    }
    if kind == "CLIPImageProcessor":
        settings |= {"do_center_crop": True, "crop_size": {"height": 32, "width": 32}}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


TINY = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
PICTURE = {**TINY, "image_size": 32, "patch_size": 8}
TEXT = {**TINY, "vocab_size": 14, "max_position_embeddings": 16}
SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")


def clip(folder: Path) -> None:
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}
    config = transformers.CLIPConfig(text_config={**TEXT, **ends}, vision_config=PICTURE, projection_dim=24)
    transformers.CLIPModel(config).save_pretrained(folder)
    save_tokenizer(folder, SPECIALS)
    save_preparation(folder, "CLIPImageProcessor", {"shortest_edge": 32})


def siglip(folder: Path) -> None:
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "projection_size": 32}
    config = transformers.SiglipConfig(text_config={**TEXT, **ends}, vision_config=PICTURE)
    transformers.SiglipModel(config).save_pretrained(folder)
    save_tokenizer(folder, SPECIALS)
    save_preparation(folder, "SiglipImageProcessor", {"height": 32, "width": 32})


def siglip2(folder: Path) -> None:
    ends = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0, "projection_size": 32}
    vision = {**TINY, "patch_size": 8, "num_patches": 16}
    config = transformers.Siglip2Config(text_config={**TEXT, **ends}, vision_config=vision)
    transformers.Siglip2Model(config).save_pretrained(folder)
    save_tokenizer(folder, SPECIALS)
    settings = {"image_processor_type": "Siglip2ImageProcessor", "patch_size": 8, "max_num_patches": 16}
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))


def vit(folder: Path) -> None:
    transformers.ViTModel(transformers.ViTConfig(**PICTURE)).save_pretrained(folder)
    save_preparation(folder, "ViTImageProcessor", {"height": 32, "width": 32})


def dinov2(folder: Path) -> None:
    transformers.Dinov2Model(transformers.Dinov2Config(**PICTURE)).save_pretrained(folder)
    save_preparation(folder, "BitImageProcessor", {"shortest_edge": 32})


def bert(folder: Path) -> None:
    transformers.BertModel(transformers.BertConfig(**TEXT)).save_pretrained(folder)
    save_tokenizer(folder, ("[PAD]", "[UNK]", "[CLS]", "[SEP]"))


def saved(folder: Path, save: Callable[[Path], None]) -> Path:
    torch.manual_seed(1)
    folder.mkdir(parents=True, exist_ok=True)
    save(folder)
    return folder


def loaded(setting: str, tmp_path: Path) -> Encoders:
    return load_encoders(EncodeConfig(encoder=f"hf:{setting}", models_dir=tmp_path / "models"))


def two_pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, size, dtype=np.uint8) for size in ((40, 60, 3), (64, 20, 3))]


@pytest.mark.parametrize("save", [clip, siglip, siglip2], ids=lambda save: save.__name__)
def test_pair_gives_pictures_and_words_of_one_width(save: Callable[[Path], None], tmp_path: Path) -> None:
    encoders = loaded(str(saved(tmp_path / "pair", save)), tmp_path)

    pictures = encoders.pictures.encode_pictures(two_pictures())
    words = encoders.words.encode_words(["a red car", "the cat", ""])

    assert encoders.share_space
    assert pictures.shape == (2, encoders.pictures.width)
    assert words.shape == (3, encoders.words.width)
    assert encoders.pictures.width == encoders.words.width
    assert np.isfinite(pictures).all()
    assert words[:2].any(axis=1).all()
    assert not words[2].any()
    assert not np.allclose(words[0], words[1])


@pytest.mark.parametrize("save", [clip, siglip, siglip2, vit, dinov2], ids=lambda save: save.__name__)
def test_batch_and_single_pictures_agree(save: Callable[[Path], None], tmp_path: Path) -> None:
    encoder = loaded(str(saved(tmp_path / "model", save)), tmp_path).pictures
    pictures = two_pictures()

    together = encoder.encode_pictures(pictures)
    alone = np.concatenate([encoder.encode_pictures([picture]) for picture in pictures])

    np.testing.assert_allclose(together, alone, atol=1e-4)


@pytest.mark.parametrize("save", [clip, siglip, bert], ids=lambda save: save.__name__)
def test_padding_beside_a_longer_text_changes_nothing(save: Callable[[Path], None], tmp_path: Path) -> None:
    folder = str(saved(tmp_path / "model", save))
    setting = folder if save is not bert else f"{saved(tmp_path / 'vit', vit)}+{folder}"
    encoder = loaded(setting, tmp_path).words

    together = encoder.encode_words(["red", "a photo of the blue cat"])
    alone = encoder.encode_words(["red"])

    np.testing.assert_allclose(together[:1], alone, atol=1e-4)


@pytest.mark.parametrize("save", [vit, dinov2], ids=lambda save: save.__name__)
def test_plain_vision_model_is_paired_with_the_built_in_words(
    save: Callable[[Path], None], tmp_path: Path
) -> None:
    encoders = loaded(str(saved(tmp_path / "vision", save)), tmp_path)

    assert not encoders.share_space
    assert encoders.words.stamp.name == "minilm-int8"
    assert encoders.pictures.encode_pictures(two_pictures()).shape == (2, 32)


def test_stamp_follows_the_weights_not_the_folder(tmp_path: Path) -> None:
    here, there = saved(tmp_path / "here", vit), saved(tmp_path / "there", vit)
    torch.manual_seed(2)
    other = tmp_path / "other"
    other.mkdir()
    vit(other)

    stamps = [loaded(str(folder), tmp_path).pictures.stamp for folder in (here, there, other)]

    assert stamps[0] == stamps[1]
    assert stamps[0] != stamps[2]


def test_folder_without_safetensors_is_refused(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "clip"}')
    (tmp_path / "pytorch_model.bin").write_bytes(b"\x80")

    with pytest.raises(MissingModelError, match="safetensors"):
        loaded(str(tmp_path), tmp_path)
