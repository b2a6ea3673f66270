"""Models of Hugging Face as encoders: what they give, and that it is what transformers itself gives."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import PictureEncoder, WordsEncoder

torch = pytest.importorskip("torch", reason="the extra `train` is not installed")
transformers = pytest.importorskip("transformers", reason="the extra `train` is not installed")

import tiny_models  # noqa: E402  it needs both

Tiny = Callable[[str], Encoders]
Folder = Callable[[str], Path]
PAIRS = ("clip", "siglip", "siglip2")
VISION = ("vit", "vit_classifier", "half_vit", "dinov2")


def some_pictures() -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [rng.integers(0, 255, size, dtype=np.uint8) for size in ((40, 60, 3), (64, 20, 3), (3, 9, 3))]


@pytest.mark.parametrize("name", PAIRS)
def test_pair_gives_pictures_and_words_of_one_width(tiny: Tiny, name: str) -> None:
    encoders = tiny(name)

    assert encoders.share_space
    assert encoders.pictures.width == encoders.words.width
    assert isinstance(encoders.pictures, PictureEncoder)
    assert isinstance(encoders.words, WordsEncoder)


@pytest.mark.parametrize("name", [*PAIRS, *VISION])
def test_pictures_of_any_size_give_unit_vectors_of_their_own(tiny: Tiny, name: str) -> None:
    encoder = tiny(name).pictures

    vectors = encoder.encode_pictures(some_pictures())

    assert vectors.shape == (3, encoder.width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.abs(vectors[0] - vectors[1]).max() > 1e-4
    assert encoder.encode_pictures([]).shape == (0, encoder.width)


@pytest.mark.parametrize("name", [*PAIRS, *VISION])
def test_batch_gives_what_single_pictures_give(tiny: Tiny, name: str) -> None:
    encoder, pictures = tiny(name).pictures, some_pictures()

    together = encoder.encode_pictures(pictures)
    alone = np.concatenate([encoder.encode_pictures([picture]) for picture in pictures])

    np.testing.assert_allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("name", [*PAIRS, "bert"])
def test_texts_give_unit_vectors_and_empty_ones_zeros(tiny: Tiny, name: str) -> None:
    encoder = tiny(name).words

    vectors = encoder.encode_words(["a red circle", "", "the blue cat", " \n"])

    assert vectors.shape == (4, encoder.width)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 0], atol=1e-5)
    assert np.abs(vectors[0] - vectors[2]).max() > 1e-4
    assert encoder.encode_words([]).shape == (0, encoder.width)
    assert encoder.encode_words([""]).shape == (1, encoder.width)


@pytest.mark.parametrize("name", [*PAIRS, "bert"])
def test_text_beside_a_longer_one_keeps_its_vector(tiny: Tiny, name: str) -> None:
    encoder = tiny(name).words

    together = encoder.encode_words(["red", "a photo of the blue cat"])
    alone = encoder.encode_words(["red"])

    np.testing.assert_allclose(together[:1], alone, atol=1e-5)


@pytest.mark.parametrize("name", [*PAIRS, "bert"])
def test_text_longer_than_the_model_reads_is_cut(tiny: Tiny, name: str) -> None:
    fitting = "red " * (tiny_models.TOKENS - 2)

    vectors = tiny(name).words.encode_words([fitting, fitting + "blue " * 500])

    np.testing.assert_allclose(vectors[0], vectors[1], atol=1e-5)


@pytest.mark.parametrize("name", ["clip", "siglip"])
def test_pair_compares_as_transformers_itself_does(tiny: Tiny, model_folder: Folder, name: str) -> None:
    folder, pictures, texts = model_folder(name), some_pictures()[:2], ["a red circle", "the cat"]
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    prepared = transformers.AutoImageProcessor.from_pretrained(folder)(images=pictures, return_tensors="pt")
    tokens = transformers.AutoTokenizer.from_pretrained(folder)(
        texts, padding="max_length", max_length=tiny_models.TOKENS, return_tensors="pt"
    )
    with torch.inference_mode():
        told = model(input_ids=tokens["input_ids"], pixel_values=prepared["pixel_values"])

    encoders = tiny(name)

    np.testing.assert_allclose(encoders.pictures.encode_pictures(pictures), told.image_embeds, atol=1e-5)
    np.testing.assert_allclose(encoders.words.encode_words(texts), told.text_embeds, atol=1e-5)


def test_siglip_reads_capitals_as_it_was_trained_to(tiny: Tiny) -> None:
    vectors = tiny("siglip").words.encode_words(["Red CIRCLE", "red circle"])

    np.testing.assert_array_equal(vectors[0], vectors[1])


def test_text_model_pools_as_sentence_transformers_files_say(tmp_path: Path, tiny_models_dir: Path) -> None:
    from bowerbird.adapters.huggingface import load_folder

    folder = tiny_models.saved(tmp_path / "text", tiny_models.bert)
    mean = load_folder(folder, tiny_models_dir).words
    (folder / "1_Pooling").mkdir()
    (folder / "1_Pooling" / "config.json").write_text('{"pooling_mode_cls_token": true}')
    first = load_folder(folder, tiny_models_dir).words

    assert first.stamp.version == mean.stamp.version
    assert first.stamp != mean.stamp
    assert np.abs(first.encode_words(["red cat"]) - mean.encode_words(["red cat"])).max() > 0.01


@pytest.mark.parametrize("name", VISION)
def test_vision_model_alone_is_joined_by_the_built_in_words(tiny: Tiny, name: str) -> None:
    encoders = tiny(name)

    assert not encoders.share_space
    assert encoders.pictures.width == 32
    assert encoders.words.stamp.name == "minilm-int8"


def test_text_model_alone_is_joined_by_the_built_in_pictures(tiny: Tiny) -> None:
    encoders = tiny("bert")

    assert not encoders.share_space
    assert encoders.pictures.stamp.name == "lite0-int8"
    assert encoders.words.stamp.name == "hf-bert-words"


def test_folder_with_two_models_gives_one_side_each(tiny: Tiny) -> None:
    encoders = tiny("vit_and_bert")

    assert not encoders.share_space
    assert encoders.pictures.stamp == tiny("vit").pictures.stamp
    assert encoders.words.stamp == tiny("bert").words.stamp


def test_pooling_layer_that_was_never_trained_is_not_used(
    model_folder: Folder, tiny_models_dir: Path
) -> None:
    from bowerbird.adapters.huggingface import load_folder

    answers = []
    for seed in (1, 2):  # a layer filled by chance would answer otherwise each time
        torch.manual_seed(seed)
        encoder = load_folder(model_folder("vit_classifier"), tiny_models_dir).pictures
        answers.append(encoder.encode_pictures(some_pictures()))

    np.testing.assert_array_equal(answers[0], answers[1])


def test_stamp_follows_weights_and_preparation_not_the_folder(tmp_path: Path, tiny_models_dir: Path) -> None:
    from bowerbird.adapters.huggingface import load_folder

    here = tiny_models.saved(tmp_path / "here", tiny_models.clip)
    there = tiny_models.saved(tmp_path / "there", tiny_models.clip)
    others = tiny_models.saved(tmp_path / "others", tiny_models.clip, seed=2)
    cropped = tiny_models.saved(tmp_path / "cropped", tiny_models.clip)
    square = {"height": 32, "width": 32}
    tiny_models.save_preparation(cropped, "CLIPImageProcessor", size=square, crop_size=square)
    loaded = [load_folder(folder, tiny_models_dir) for folder in (here, there, others, cropped)]

    pictures, words = [one.pictures.stamp for one in loaded], [one.words.stamp for one in loaded]

    assert pictures[0] == pictures[1]
    assert pictures[2].version != pictures[0].version
    assert pictures[3].version == pictures[0].version
    assert pictures[3].preprocessing_hash != pictures[0].preprocessing_hash
    assert words[3] == words[0]
    assert words[2] != words[0]


def test_loading_asks_nobody_on_the_network(
    model_folder: Folder, tiny_models_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from bowerbird.adapters.huggingface import load_folder

    def refuse(*_: object) -> None:
        raise AssertionError("something asked the network")

    monkeypatch.setattr("socket.socket.connect", refuse)
    monkeypatch.setattr("socket.getaddrinfo", refuse)

    assert load_folder(model_folder("clip"), tiny_models_dir).share_space


def test_importing_the_loader_brings_no_torch() -> None:
    program = (
        "import sys, bowerbird.adapters.huggingface as h; print({'torch', 'transformers'} & set(sys.modules))"
    )

    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "set()"
