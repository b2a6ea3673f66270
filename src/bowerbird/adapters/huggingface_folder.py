"""This file is about one folder with a model of Hugging Face transformers: checked, stamped, loaded.

Nothing is fetched and no code of the folder runs, so weights are read as safetensors only.
"""

import hashlib
import importlib
import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

from bowerbird.core.errors import ConfigError, MissingModelError
from bowerbird.encode.types import EncoderStamp, content_hash

PAIRS = ("clip", "siglip", "siglip2")
"""Families whose pictures and words share a space."""

_PICTURE_FILES = ("preprocessor_config.json", "processor_config.json")
_VOCABULARY_FILES = (
    "tokenizer.json", "vocab.txt", "vocab.json", "tokenizer.model", "spiece.model", "sentencepiece.bpe.model",
)  # fmt: skip
_WORDS_FILES = (
    *_VOCABULARY_FILES, "merges.txt", "added_tokens.json", "special_tokens_map.json", "tokenizer_config.json",
    "modules.json", "sentence_bert_config.json", "1_Pooling/config.json",
)  # fmt: skip
MOST_TOKENS = 256
"""What a text is cut to at most; cost grows with the square."""

_MODULES = {"Transformer", "Pooling", "Normalize"}
_MEAN, _FIRST_TOKEN = (
    {"pooling_mode_mean_tokens", "pooling_mode_mean"},
    {"pooling_mode_cls_token", "pooling_mode_cls"},
)
_SAFELY = {"local_files_only": True, "trust_remote_code": False}
_RECIPE = b"2"
"""Grows when the same folder would give other vectors."""


class ModelFolder:
    """What a folder holds, known before anything big is read.

    Raises:
        MissingModelError: it is not there, or lacks its settings or safetensors.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        if not folder.is_dir():
            raise MissingModelError(
                f"the model folder {folder} is not there; needed is a folder saved by transformers; "
                "nothing is fetched from here, so download it first, or correct `encoder` in bowerbird.toml"
            )
        self.settings = self._json("config.json")
        self.family = str(self.settings.get("model_type", ""))
        self._weights = sorted(folder.glob("*.safetensors"))
        if not self._weights:
            found = ", ".join(sorted(path.name for path in folder.glob("*.bin"))) or "no weights"
            raise MissingModelError(
                f"the model folder {folder} holds {found}; needed are weights as *.safetensors, as other "
                "files of weights can run code; download that form, or save the model with `save_pretrained`"
            )

    def load(self) -> tuple[Any, bool]:
        """The model in float32, ready to answer; and whether its pooling layer was trained.

        Raises:
            ConfigError: transformers does not know the architecture, or Bowerbird cannot use it.
            MissingModelError: a package is not installed, or weights are missing or damaged.
        """
        torch, transformers = package("torch"), package("transformers")
        _quieten(transformers)
        damaged = package("safetensors").SafetensorError
        try:
            transformers.AutoConfig.from_pretrained(self.folder, **_SAFELY)
            # Weights are often stored as half floats, which a CPU adds up slowly and roughly.
            model, report = transformers.AutoModel.from_pretrained(
                self.folder, **_SAFELY, use_safetensors=True, dtype=torch.float32, output_loading_info=True
            )
        except (ValueError, KeyError, ImportError) as error:
            raise self._unusable(_first_line(error)) from error
        except (OSError, RuntimeError, damaged) as error:
            raise self.refused(f"cannot be read ({_first_line(error)})", "all weights, whole") from error
        untrained = {key for key in report["missing_keys"] if "pooler." not in key}
        if untrained:
            # transformers would fill them with chance, other at each start.
            lacks = f"lacks {len(untrained)} weights, such as {min(untrained)}"
            raise self.refused(lacks, f"a whole model of the family {self.family}")
        self._check_use(model)
        return model.eval().to(device()), not report["missing_keys"]

    def image_processor(self) -> Any:
        """What turns pixels into the network's input.

        Raises:
            MissingModelError: its file is not there or not readable.
        """
        needed = "preprocessor_config.json, which says how pictures are prepared"
        if not any((self.folder / name).is_file() for name in _PICTURE_FILES):
            raise self.refused("holds no image processor", needed)
        try:
            return package("transformers").AutoImageProcessor.from_pretrained(self.folder, **_SAFELY)
        except (OSError, ValueError, ImportError, TypeError) as error:
            found = f"has an image processor that cannot be read ({_first_line(error)})"
            raise self.refused(found, needed) from error

    def tokenizer(self) -> Any:
        """What turns words into the network's input.

        Raises:
            MissingModelError: its files are not there or not readable.
        """
        needed = "tokenizer.json and tokenizer_config.json"
        # Asked first: without them transformers makes an empty vocabulary and says nothing.
        if not any((self.folder / name).is_file() for name in _VOCABULARY_FILES):
            raise self.refused("holds no tokenizer", needed)
        try:
            found = package("transformers").AutoTokenizer.from_pretrained(self.folder, **_SAFELY)
        except Exception as error:  # what the tokenizers library raises has no class of its own
            reason = f"has a tokenizer that cannot be read ({_first_line(error)})"
            raise self.refused(reason, needed) from error
        if found.pad_token is None:
            raise self.refused("has a tokenizer without a padding token", "a model made for embeddings")
        return found

    def picture_stamp(self, processor: Any) -> EncoderStamp:
        """Says where picture vectors come from, wherever the folder lies."""
        # With torchvision installed another class scales pictures, a little differently.
        return self._stamp("pictures", _PICTURE_FILES, type(processor).__name__)

    def words_stamp(self) -> EncoderStamp:
        """Says where words vectors come from, wherever the folder lies."""
        return self._stamp("words", _WORDS_FILES, "")

    def takes_first_token(self) -> bool:
        """Whether a text is its first token's state, else the mean: as files of sentence-transformers say.

        Raises:
            ConfigError: they ask for something else.
        """
        kinds = {str(module["type"]).rpartition(".")[2] for module in self._json("modules.json", [])}
        pooling = self._json("1_Pooling/config.json", {})
        modes = {key for key, value in pooling.items() if key.startswith("pooling_mode_") and value is True}
        if "pooling_mode" in pooling:
            modes.add(f"pooling_mode_{pooling['pooling_mode']}")
        strange = kinds - _MODULES | (modes if len(modes) > 1 else modes - _MEAN - _FIRST_TOKEN)
        if strange:
            raise self._unusable(f"it asks for {', '.join(sorted(strange))}")
        return bool(modes & _FIRST_TOKEN)

    def most_tokens(self, tokenizer: Any) -> int:
        """Tokens that a text is cut to: what the model was made for, at most `MOST_TOKENS`."""
        text = self.settings.get("text_config") or self.settings
        limits = [text.get("max_position_embeddings"), tokenizer.model_max_length]
        limits.append(self._json("sentence_bert_config.json", {}).get("max_seq_length"))
        return min(MOST_TOKENS, *(int(limit) for limit in limits if limit))

    def refused(self, found: str, needed: str) -> MissingModelError:
        """The error that says what the folder lacks."""
        return MissingModelError(
            f"the model folder {self.folder} {found}; needed is {needed}; download the model again, whole"
        )

    def _check_use(self, model: Any) -> None:
        if self.family in PAIRS:
            return
        if "text_config" in self.settings or "vision_config" in self.settings:
            raise self._unusable("a model of several parts")
        if model.config.is_encoder_decoder or model.main_input_name not in ("pixel_values", "input_ids"):
            raise self._unusable("neither a plain vision nor a plain text encoder")

    def _unusable(self, why: str) -> ConfigError:
        return ConfigError(
            f"the model folder {self.folder} holds a model of the family {self.family!r} ({why}); needed is "
            f"a plain vision or text encoder or one of {', '.join(PAIRS)}, of an architecture that the "
            "installed transformers knows without running code of the folder; choose another model"
        )

    def _stamp(self, side: str, names: tuple[str, ...], how: str) -> EncoderStamp:
        prepared = [path.read_bytes() for name in names if (path := self.folder / name).is_file()]
        family = re.sub(r"[^a-z0-9]+", "-", self.family.lower()).strip("-")
        return EncoderStamp(
            f"hf-{family}-{side}",
            self._version,
            content_hash(_RECIPE, how.encode(), *prepared)[:8],
        )

    @cached_property
    def _version(self) -> str:
        digests = [_file_digest(path) for path in (self.folder / "config.json", *self._weights)]
        return content_hash(*digests)[:8]

    def _json(self, name: str, otherwise: Any = None) -> Any:
        if otherwise is not None and not (self.folder / name).is_file():
            return otherwise
        try:
            return json.loads((self.folder / name).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise self.refused(f"holds no {name} that can be read", f"the {name} of a model") from error


def package(name: str) -> Any:
    """A package of the extra `train`, loaded only when a model of this kind is: serving needs no torch.

    Raises:
        MissingModelError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise MissingModelError(
            f"{name} is not installed; it is needed for models of Hugging Face; "
            "run `pip install 'bowerbird[train]'`"
        ) from error


def device() -> Any:
    """The accelerator of this machine, or its processor."""
    torch = package("torch")
    if torch.accelerator.is_available():
        return torch.accelerator.current_accelerator()
    return torch.device("cpu")


def _quieten(transformers: Any) -> None:
    # It writes bars and reports to the terminal; what they warn of is checked here and told as an error.
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()


def _file_digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:200]
