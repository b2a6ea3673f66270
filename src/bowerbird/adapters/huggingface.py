"""This file is about checkpoints from Hugging Face: CLIP, SigLIP, plain vision and text models in folders.

Only local folders, only safetensors, no code of the checkpoint. Needs the extra `train`.
A pair of plain models is named as two folders joined by a plus sign: `hf:/models/dinov2+/models/e5`.
"""

import hashlib
import json
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np

from bowerbird.core.arrays import Embeddings, Pixels
from bowerbird.core.errors import MissingModelError
from bowerbird.encode.minilm import MiniLmEncoder
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import EncoderStamp, PictureEncoder, WordsEncoder, content_hash

_RECIPE = b"1"
_PAIRS = ("clip", "siglip", "siglip2")
_SETTINGS = ("config.json", "preprocessor_config.json", "processor_config.json", "tokenizer.json")


def load_folder(folder: Path, models_dir: Path) -> Encoders:
    """The encoders of a checkpoint folder, or of two folders joined by a plus sign.

    A vision model alone is paired with the built-in words encoder.

    Raises:
        MissingModelError: torch or transformers is not installed, or the folder holds no such checkpoint.
    """
    picture_folder, _, words_folder = str(folder).partition("+")
    checkpoint = _Checkpoint(Path(picture_folder))
    if checkpoint.family in _PAIRS and not words_folder:
        model = checkpoint.load("pair")
        return Encoders(
            HuggingFacePictures(checkpoint, model), HuggingFaceWords(checkpoint, model), True, models_dir
        )
    pictures: PictureEncoder = HuggingFacePictures(checkpoint, checkpoint.load("vision"))
    words: WordsEncoder = MiniLmEncoder()
    if words_folder:
        text = _Checkpoint(Path(words_folder))
        words = HuggingFaceWords(text, text.load("text"))
    return Encoders(pictures, words, False, models_dir)


class _Checkpoint:
    """A folder that was looked at before anything of it is loaded."""

    def __init__(self, folder: Path):
        self.folder = folder
        settings = folder / "config.json"
        weights = sorted(folder.glob("*.safetensors"))
        if not settings.is_file() or not weights:
            raise MissingModelError(
                f"{folder} holds no config.json with *.safetensors; needed is a checkpoint saved by "
                "transformers as safetensors; download it there first, nothing is fetched from here"
            )
        self.settings: dict[str, Any] = json.loads(settings.read_text(encoding="utf-8"))
        self.family = str(self.settings.get("model_type", ""))
        digest = hashlib.sha256()
        for path in weights:
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        self.version = digest.hexdigest()[:8]

    def stamp(self, side: str) -> EncoderStamp:
        """Made from the weights, the settings and the tokenizer, wherever the folder lies."""
        found = [path.read_bytes() for name in _SETTINGS if (path := self.folder / name).is_file()]
        return EncoderStamp(f"hf-{self.family}-{side}", self.version, content_hash(_RECIPE, *found)[:4])

    def load(self, kind: Literal["pair", "vision", "text"]) -> Any:
        """The model, in evaluation mode."""
        transformers = _transformers()
        model = transformers.AutoModel.from_pretrained(
            self.folder, local_files_only=True, use_safetensors=True, trust_remote_code=False
        )
        wanted = {"pair": "get_image_features", "vision": "forward", "text": "forward"}[kind]
        if not hasattr(model, wanted):
            raise MissingModelError(f"{self.folder} holds a {self.family} model; needed is one for {kind}")
        return model.eval()


class HuggingFacePictures:
    """The vision side of a checkpoint. One call of the network at a time; torch uses its own threads."""

    def __init__(self, checkpoint: _Checkpoint, model: Any):
        self._torch = _torch()
        self._model = model
        self._processor = _transformers().AutoImageProcessor.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        self._stamp = checkpoint.stamp("pictures")
        self._lock = threading.Lock()
        self._width = self.encode_pictures([np.zeros((8, 8, 3), np.uint8)]).shape[1]

    @property
    def stamp(self) -> EncoderStamp:
        """Changes with the weights and the settings."""
        return self._stamp

    @property
    def width(self) -> int:
        """As wide as what the network gave for a black picture."""
        return int(self._width)

    def encode_pictures(self, pictures: Sequence[Pixels]) -> Embeddings:
        """[B, D] pooled, not scaled to unit length."""
        if not pictures:
            return np.empty((0, self._width), dtype=np.float32)
        inputs = self._processor(
            images=list(pictures), return_tensors="pt", input_data_format="channels_last"
        )
        with self._lock, self._torch.inference_mode():
            if hasattr(self._model, "get_image_features"):
                # All that the processor made: SigLIP 2 with free sizes needs shapes and masks too.
                found = self._model.get_image_features(**inputs)
            else:
                found = self._model(pixel_values=inputs["pixel_values"])
        return _as_array(_pooled(found))


class HuggingFaceWords:
    """The text side of a checkpoint: pooled by the model where it can, else the mean over its tokens."""

    def __init__(self, checkpoint: _Checkpoint, model: Any):
        self._torch = _torch()
        self._model = model
        self._family = checkpoint.family
        self._tokenizer = _transformers().AutoTokenizer.from_pretrained(
            checkpoint.folder, local_files_only=True, trust_remote_code=False
        )
        text: dict[str, Any] = checkpoint.settings.get("text_config") or checkpoint.settings
        # SigLIP was trained on texts padded to full length; shorter ones come out wrong.
        self._padding = "max_length" if self._family.startswith("siglip") else "longest"
        self._most_tokens = min(int(text.get("max_position_embeddings") or 64), 256)
        self._stamp = checkpoint.stamp("words")
        self._lock = threading.Lock()
        self._width = self.encode_words(["a"]).shape[1]

    @property
    def stamp(self) -> EncoderStamp:
        """Changes with the weights, the settings and the vocabulary."""
        return self._stamp

    @property
    def width(self) -> int:
        """As wide as what the network gave for one letter."""
        return int(self._width)

    def encode_words(self, texts: Sequence[str]) -> Embeddings:
        """[B, D] one row a text; zeros for an empty one."""
        filled = [row for row, text in enumerate(texts) if text.strip()]
        if not filled:
            return np.zeros((len(texts), self._width), dtype=np.float32)
        inputs = self._tokenizer(
            [texts[row] for row in filled],
            padding=self._padding,
            truncation=True,
            max_length=self._most_tokens,
            return_tensors="pt",
        )
        with self._lock, self._torch.inference_mode():
            if hasattr(self._model, "get_text_features"):
                given = {name: inputs[name] for name in ("input_ids", "attention_mask") if name in inputs}
                found = _as_array(_pooled(self._model.get_text_features(**given)))
            else:
                states = self._model(**inputs).last_hidden_state
                mask = inputs["attention_mask"].unsqueeze(-1).to(states.dtype)
                found = _as_array((states * mask).sum(1) / mask.sum(1).clamp(min=1))
        vectors = np.zeros((len(texts), found.shape[1]), dtype=np.float32)
        vectors[filled] = found
        return vectors


def _pooled(found: Any) -> Any:
    """Older versions give the tensor itself, newer ones an object around it; models differ too."""
    pooled = getattr(found, "pooler_output", None)
    if pooled is not None:
        return pooled
    states = getattr(found, "last_hidden_state", None)
    if states is None:
        return found
    # Without a pooled output: the mean over tokens, or over the map of a convolutional network.
    return states.mean(dim=1) if states.ndim == 3 else states.mean(dim=(2, 3))


def _as_array(tensor: Any) -> Embeddings:
    array: Embeddings = tensor.detach().float().cpu().numpy().reshape(len(tensor), -1)
    return array


def _transformers() -> Any:
    try:
        import transformers
    except ImportError as error:
        raise MissingModelError(_NOT_INSTALLED.format("transformers")) from error
    return transformers


def _torch() -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingModelError(_NOT_INSTALLED.format("torch")) from error
    return torch


_NOT_INSTALLED = (
    "{} is not installed; it is needed for checkpoints from Hugging Face; "
    "run `pip install 'bowerbird[train]'`"
)
