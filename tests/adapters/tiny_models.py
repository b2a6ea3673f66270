"""Tiny models with weights by chance, saved to disk as published ones are: the same files, only smaller."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = (
    "a",
    "b",
    "of",
    "the",
    "photo",
    "red",
    "blue",
    "green",
    "yellow",
    "circle",
    "square",
    "triangle",
    "cat",
)
CLIP_SPECIALS = ("<pad>", "<unk>", "<s>", "</s>")
BERT_SPECIALS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]")
TOKENS = 16

TINY = {"hidden_size": 32, "intermediate_size": 37, "num_hidden_layers": 2, "num_attention_heads": 4}
PICTURE = {**TINY, "image_size": 32, "patch_size": 8}
TEXT = {**TINY, "vocab_size": 40, "max_position_embeddings": TOKENS}
# Weights by chance are usually so small that every text comes out nearly the same.
LOUD = {"initializer_range": 0.5}
ENDS = {"bos_token_id": 2, "eos_token_id": 3, "pad_token_id": 0}


def save_tokenizer(folder: Path, specials: tuple[str, str, str, str]) -> None:
    """A word-level tokenizer with the specials that the model family asks for."""
    pad, unknown, start, end = specials
    words = [*specials, *WORDS]
    inner = Tokenizer(models.WordLevel({word: row for row, word in enumerate(words)}, unk_token=unknown))
    inner.pre_tokenizer = pre_tokenizers.Whitespace()
    inner.post_processor = processors.TemplateProcessing(
        single=f"{start} $A {end}", special_tokens=[(start, words.index(start)), (end, words.index(end))]
    )
    made = transformers.PreTrainedTokenizerFast(
        tokenizer_object=inner, pad_token=pad, unk_token=unknown, bos_token=start, eos_token=end,
        model_max_length=TOKENS,
    )  # fmt: skip
    made.save_pretrained(folder)


def save_letter_tokenizer(folder: Path) -> None:
    """SigLIP 2 has a class of tokenizers of its own; here its pieces are single letters."""
    vocabulary = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    rows = {piece: row for row, piece in enumerate(vocabulary)}
    made = transformers.Siglip2Tokenizer(vocab=rows, merges=[], model_max_length=TOKENS)
    made.save_pretrained(folder)


def save_preparation(folder: Path, kind: str, **settings: Any) -> None:
    """What a picture has to look like, as `preprocessor_config.json` says it."""
    shown = {"image_processor_type": kind, "image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.5, 0.5]}
    (folder / "preprocessor_config.json").write_text(json.dumps(shown | settings))


def clip(folder: Path) -> None:
    config = transformers.CLIPConfig(
        text_config={**TEXT, **ENDS}, vision_config=PICTURE, projection_dim=24, initializer_factor=10.0
    )
    transformers.CLIPModel(config).save_pretrained(folder)
    save_tokenizer(folder, CLIP_SPECIALS)
    crop = {"height": 32, "width": 32}
    save_preparation(folder, "CLIPImageProcessor", size={"shortest_edge": 32}, crop_size=crop)


def siglip(folder: Path) -> None:
    text = {**TEXT, **ENDS, "projection_size": 32}
    config = transformers.SiglipConfig(text_config=text, vision_config=PICTURE)
    transformers.SiglipModel(config).save_pretrained(folder)
    save_tokenizer(folder, CLIP_SPECIALS)
    save_preparation(folder, "SiglipImageProcessor", size={"height": 32, "width": 32})


def siglip2(folder: Path) -> None:
    text = {**TEXT, **ENDS, "projection_size": 32}
    vision = {**TINY, "patch_size": 8, "num_patches": 16}
    config = transformers.Siglip2Config(text_config=text, vision_config=vision)
    transformers.Siglip2Model(config).save_pretrained(folder)
    save_letter_tokenizer(folder)
    save_preparation(folder, "Siglip2ImageProcessor", patch_size=8, max_num_patches=16)


def vit(folder: Path) -> None:
    transformers.ViTModel(transformers.ViTConfig(**PICTURE)).save_pretrained(folder)
    save_preparation(folder, "ViTImageProcessor", size={"height": 32, "width": 32})


def vit_classifier(folder: Path) -> None:
    """As most ViT are published: with a head, and so without a pooling layer."""
    transformers.ViTForImageClassification(transformers.ViTConfig(**PICTURE)).save_pretrained(folder)
    save_preparation(folder, "ViTImageProcessor", size={"height": 32, "width": 32})


def half_vit(folder: Path) -> None:
    transformers.ViTModel(transformers.ViTConfig(**PICTURE)).to(torch.bfloat16).save_pretrained(folder)
    save_preparation(folder, "ViTImageProcessor", size={"height": 32, "width": 32})


def dinov2(folder: Path) -> None:
    transformers.Dinov2Model(transformers.Dinov2Config(**PICTURE)).save_pretrained(folder)
    crop = {"height": 32, "width": 32}
    save_preparation(folder, "BitImageProcessor", size={"shortest_edge": 32}, crop_size=crop)


def bert(folder: Path) -> None:
    transformers.BertModel(transformers.BertConfig(**TEXT, **LOUD)).save_pretrained(folder)
    save_tokenizer(folder, BERT_SPECIALS)


def vit_and_bert(folder: Path) -> None:
    for side, save in (("pictures", vit), ("words", bert)):
        saved(folder / side, save)


def saved(folder: Path, save: Callable[[Path], None], seed: int = 1) -> Path:
    """The folder, with the same weights for the same seed."""
    torch.manual_seed(seed)
    folder.mkdir(parents=True, exist_ok=True)
    save(folder)
    return folder
