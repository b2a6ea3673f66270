"""This file is about models of Hugging Face transformers in a local folder, as encoders of Bowerbird.

`hf:FOLDER` names a folder with one model: CLIP, SigLIP or SigLIP 2, a plain vision model, or a plain text
model; or with two models, in its folders `pictures` and `words`. Needs the extra `train`.
"""

import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bowerbird.adapters.huggingface_folder import PAIRS, ModelFolder, device, package
from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.core.errors import ConfigError
from bowerbird.encode.geometry import as_float32, unit
from bowerbird.encode.lite0 import Lite0Encoder
from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import EncoderStamp, PictureEncoder, WordsEncoder

PICTURES, WORDS = "pictures", "words"


def load_folder(folder: Path, models_dir: Path) -> Encoders:
    """The encoders of a folder; a plain model alone is joined by the built-in one of the other side.

    Raises:
        MissingModelError: a package is not installed, or the folder is absent or lacks files.
        ConfigError: a model that cannot be used, or on the wrong side.
    """
    root = folder.expanduser()
    if (root / PICTURES).is_dir() or (root / WORDS).is_dir():
        return _load_two(root, models_dir)
    found = ModelFolder(root)
    model, is_pooled = found.load()
    if found.family in PAIRS:
        # One lock: the network of a pair is one object.
        lock = threading.Lock()
        pair = HuggingFacePictures(found, model, is_pooled, lock), HuggingFaceWords(found, model, lock)
        return Encoders(*pair, share_space=True, models_dir=models_dir)
    if model.main_input_name == "pixel_values":
        pictures = HuggingFacePictures(found, model, is_pooled, threading.Lock())
        return Encoders(pictures, MiniLmEncoder(), models_dir=models_dir)
    words = HuggingFaceWords(found, model, threading.Lock())
    return Encoders(Lite0Encoder(models_dir), words, models_dir=models_dir)


def _load_two(root: Path, models_dir: Path) -> Encoders:
    pictures: PictureEncoder = Lite0Encoder(models_dir)
    words: WordsEncoder = MiniLmEncoder()
    if (root / PICTURES).is_dir():
        found = ModelFolder(root / PICTURES)
        model, is_pooled = found.load()
        if found.family not in PAIRS and model.main_input_name != "pixel_values":
            raise _wrong_side(found, PICTURES)
        pictures = HuggingFacePictures(found, model, is_pooled, threading.Lock())
    if (root / WORDS).is_dir():
        found = ModelFolder(root / WORDS)
        model, _ = found.load()
        if found.family not in PAIRS and model.main_input_name != "input_ids":
            raise _wrong_side(found, WORDS)
        words = HuggingFaceWords(found, model, threading.Lock())
    return Encoders(pictures, words, models_dir=models_dir)


def _wrong_side(found: ModelFolder, side: str) -> ConfigError:
    return ConfigError(
        f"the model folder {found.folder} holds a model of the family {found.family!r}; needed is one for "
        f"{side}; put it where it belongs"
    )


class HuggingFacePictures:
    """The vision side of a model. One call of the network at a time; torch uses all cores for it."""

    def __init__(self, found: ModelFolder, model: Any, is_pooled: bool, lock: threading.Lock):
        self._torch = package("torch")
        self._model = model
        self._is_pooled = is_pooled
        self._has_first_token = any("cls_token" in name for name, _ in model.named_parameters())
        self._processor = found.image_processor()
        self._stamp = found.picture_stamp(self._processor)
        self._lock = lock
        small = np.zeros((8, 12, 3), dtype=np.uint8)
        self._width = _width_of(lambda: self.encode_pictures([small]), found, "image processor")

    @property
    def stamp(self) -> EncoderStamp:
        """Changes with the weights, the settings and the way that pictures are prepared."""
        return self._stamp

    @property
    def width(self) -> int:
        """As wide as what the network gave for a black picture."""
        return self._width

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Embeddings:
        """[B, D] one unit vector a picture, in order; pictures may differ in size."""
        if not pictures:
            return np.empty((0, self._width), dtype=np.float32)
        inputs = self._processor(
            images=list(pictures), return_tensors="pt", input_data_format="channels_last"
        ).to(device())
        with self._lock, self._torch.inference_mode():
            if hasattr(self._model, "get_image_features"):
                # All that the processor made: SigLIP 2 with free sizes needs shapes and masks too.
                return _unit_array(_features(self._model.get_image_features(**inputs)))
            return _unit_array(self._whole(self._model(pixel_values=inputs["pixel_values"])))

    def _whole(self, found: Any) -> Any:
        """[B, D] of a plain network's answer: pooled by itself, or its first token, or the mean."""
        pooled = getattr(found, "pooler_output", None)
        if pooled is not None and self._is_pooled:
            return pooled.flatten(1)
        states = found.last_hidden_state
        if states.ndim == 4:  # the map of a convolutional network
            return states.mean(dim=(2, 3))
        return states[:, 0] if self._has_first_token else states.mean(dim=1)


class HuggingFaceWords:
    """The text side of a model. One call of the network at a time; torch uses all cores for it."""

    def __init__(self, found: ModelFolder, model: Any, lock: threading.Lock):
        self._torch = package("torch")
        self._model = model
        self._tokenizer = found.tokenizer()
        self._is_siglip = found.family.startswith("siglip")
        # The first place has to be the first token, and SigLIP was trained with its padding behind; a
        # tokenizer class may say otherwise where its file says nothing.
        self._tokenizer.padding_side = "right"
        self._takes_first_token = found.takes_first_token()
        self._most_tokens = found.most_tokens(self._tokenizer)
        self._stamp = found.words_stamp()
        self._lock = lock
        long = "a " * 2 * self._most_tokens
        self._width = _width_of(lambda: self.encode_words([long, "a"]), found, "tokenizer")

    @property
    def stamp(self) -> EncoderStamp:
        """Changes with the weights, the settings and the vocabulary."""
        return self._stamp

    @property
    def width(self) -> int:
        """As wide as what the network gave for one letter."""
        return self._width

    def encode_words(self, texts: Sequence[str]) -> Embeddings:
        """[B, D] one unit vector a text, in order; zeros for an empty one; cut where the model ends."""
        filled = [row for row, text in enumerate(texts) if text.strip()]
        if not filled:
            return np.zeros((len(texts), self._width), dtype=np.float32)
        found = self._encode([texts[row] for row in filled])
        vectors = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
        vectors[filled] = found
        return vectors

    def _encode(self, texts: list[str]) -> Embeddings:
        # SigLIP was trained on small letters, padded to full length, and looks at the padding too.
        # Source: mlfoundations/open_clip issue 984; transformers' pipeline pads it alike.
        inputs = self._tokenizer(
            [text.lower() for text in texts] if self._is_siglip else texts,
            padding="max_length" if self._is_siglip else "longest",
            truncation=True,
            max_length=self._most_tokens,
            return_tensors="pt",
        ).to(device())
        with self._lock, self._torch.inference_mode():
            if self._is_siglip:
                return _unit_array(_features(self._model.get_text_features(input_ids=inputs["input_ids"])))
            mask = inputs["attention_mask"]
            if hasattr(self._model, "get_text_features"):
                features = self._model.get_text_features(input_ids=inputs["input_ids"], attention_mask=mask)
                return _unit_array(_features(features))
            states = self._model(**inputs).last_hidden_state
            if self._takes_first_token:
                return _unit_array(states[:, 0])
            weights = mask.unsqueeze(-1).to(states.dtype)
            return _unit_array((states * weights).sum(1) / weights.sum(1).clamp(min=1))


def _features(found: Any) -> Any:
    """The tensor, bare in older versions of transformers, in an object in newer ones."""
    return getattr(found, "pooler_output", found)


def _unit_array(tensor: Any) -> Embeddings:
    return as_float32(unit(tensor.float().cpu().numpy()))


def _width_of(encode: Callable[[], Embeddings], found: ModelFolder, part: str) -> int:
    """Width of a first answer, which also shows that the parts of the folder belong together."""
    try:
        vectors = encode()
    except (ValueError, RuntimeError, IndexError, KeyError, TypeError) as error:
        odd = f"holds a network that its {part} does not fit ({error})"
        raise found.refused(odd, f"the {part} of that model") from error
    if not np.isfinite(vectors).all() or not vectors.any():
        raise found.refused("gives numbers that mean nothing", "weights that are whole")
    return int(vectors.shape[1])
