"""Does search find the right picture? Quality of the built-in encoders and joint space on the shared catalogues.

Protocol. Every ranking is over the whole gallery (no sampled metrics); ties keep catalogue order; pictures are
encoded as the product does it (safe decode, 320-px thumbnail, int8 network).

- words → picture: 30 % of the distinct texts are held out, with all their pictures; those pictures, *without their
  words*, are the gallery. The space is fitted on the other 70 % (own pairs) or on nothing at all (no pairs). Training
  pictures that are near-duplicates of a gallery picture are removed (signature within 6 bits, or raw cosine > .92).
  A hit is any picture with the query's text. Five seeds; mean and 95 % interval (Student's t over seeds).
  Settings were chosen on texts with an even CRC-32; only texts with an odd one are asked here.
- picture → picture: leave one out over the catalogue, near-duplicates of the query left out; precision at 10 by
  category; 95 % bootstrap interval over queries. The look space is fitted on the catalogue's pictures (no labels).
- street → shop, photo → product: phone photos as queries, the shop's pictures as the gallery.
- composed ("a charcoal version of this"): qids with an odd CRC-32; precision at 10 = hits / min(10, relevant); the
  same with words alone and with the picture alone.
- is it there?: each catalogue's own titles (present) against titles of the other catalogues that share no word with
  it (absent): area under the ROC curve of the best hit's calibrated relevance, and the share judged wrongly at .5.

Run: python benchmarks/bench_encode_quality.py [--out FILE]
"""

import re
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import catalogues
import numpy as np
import record
from catalogues import Shelf

from bowerbird.encode.background import load_background
from bowerbird.encode.calibrate import calibrated
from bowerbird.encode.config import EncodeConfig
from bowerbird.encode.fitting import encoders_stamp
from bowerbird.encode.space import BridgeSpace
from bowerbird.encode.space_fit import Sample, fit_parts

SEEDS = range(5)
HELD_OUT = 0.3
T_OF_FIVE = 2.776  # Student's t, 95 %, four degrees of freedom
STREET_TO_SHOP = {
    "Blazer": "Blazers", "Pants": "Trousers|Jeans|Track Pants", "Longsleeve": "Tops|Tshirts", "Top": "Tops|Tshirts",
    "Outwear": "Jackets", "Shirt": "Shirts|Tops", "Blouse": "Shirts|Tops", "Hoodie": "Sweatshirts",
    "Polo": "Tshirts", "T-Shirt": "Tshirts", "Undershirt": "Innerwear Vests", "Hat": "Caps|Hat",
    "Dress": "Dresses", "Skirt": "Skirts", "Shorts": "Shorts",
    "Shoes": "Casual Shoes|Formal Shoes|Sports Shoes|Heels|Flats|Sandals|Flip Flops|Sports Sandals",
}  # fmt: skip


def main() -> int:
    """Writes one line a question."""
    made = record.parser(__doc__.splitlines()[0]).parse_args()
    record.write(lines(), made.out)
    return 0


def lines() -> Iterator[dict[str, Any]]:
    """Every question that the catalogues on this machine can answer."""
    there = [name for name in ("stamps", "clipart", "grocery", "fashion") if catalogues.is_there(name)]
    if not there:
        print(f"no catalogue is in {catalogues.DATA}; nothing was measured", file=sys.stderr)
    for name in there:
        yield words_to_picture(name, "own pairs")
        yield words_to_picture(name, "no pairs")
    if "stamps" in there:
        yield words_to_picture("stamps", "own pairs, float32 network")
    for name, column in (("stamps", "category"), ("clipart", "category"), ("fashion", "articleType")):
        if name in there:
            yield picture_to_picture(name, column)
    if "grocery" in there:
        yield photo_to_product()
    if catalogues.is_there("clothing-photos") and "fashion" in there:
        yield street_to_shop()
    if "fashion" in there:
        yield attributes_in_words()
        yield composed()
    for name in there:
        yield is_it_there(name, there)


def words_to_picture(name: str, how: str) -> dict[str, Any]:
    """Recall of held-out pictures by their own words."""
    shelf = catalogues.load(name)
    if "float32" in how:
        shelf = catalogues.in_full_precision(shelf, EncodeConfig().models_folder)
    typed = _descriptions() if name == "grocery" else {}
    shelf = shelf.take(np.flatnonzero([bool(text) for text in shelf.texts]))
    found, sizes = [], []
    for seed in SEEDS:
        train, gallery = _split(shelf, seed)
        train = train.take(np.flatnonzero(catalogues.without_twins(train, gallery)))
        space = fitted(train.take(np.arange(0 if how == "no pairs" else len(train))))
        asked = sorted({text for text in gallery.texts if zlib.crc32(text.encode()) % 2})
        texts = [typed.get(text, text) for text in asked]
        scores = _words(space, texts) @ _items(space, gallery, with_words=False).words.T
        relevant = np.array([[text == other for other in gallery.texts] for text in asked])
        found.append([_recall(scores, relevant, k) for k in (1, 5, 10)])
        sizes.append((len(train), len(asked), len(gallery.texts)))
    mean, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=1) * T_OF_FIVE / np.sqrt(len(SEEDS))
    names = ("R@1", "R@5", "R@10")
    train_size, asked_size, gallery_size = np.mean(sizes, axis=0).round().astype(int)
    return record.line(
        f"Q-{name}-words-{how.split(',')[0].replace(' ', '-')}{'-float32' if 'float32' in how else ''}",
        f"words → picture on {name}, {how}: {asked_size} queries, gallery {gallery_size}, fitted on "
        f"{0 if how == 'no pairs' else train_size}",
        mean[2], "recall at 10", better="higher",
        metrics=dict(zip(names, mean.round(4).tolist(), strict=True)),
        interval=dict(zip(names, spread.round(4).tolist(), strict=True)),
    )  # fmt: skip


def picture_to_picture(name: str, column: str) -> dict[str, Any]:
    """Precision at 10 by category, leave one out."""
    shelf = catalogues.load(name)
    space = fitted(shelf, with_words=False)
    look = _items(space, shelf, with_words=False).look
    labels = shelf.column(column)
    scores = look @ look.T
    scores[_twins(shelf)] = -np.inf
    each = (labels[_top(scores, 10)] == labels[:, None]).mean(axis=1)
    first = labels[_top(scores, 1)[:, 0]] == labels
    return _picture_line(
        f"Q-{name}-look", f"picture → picture on {name} by {column}: {len(labels)} queries, "
        f"{len(set(labels))} categories", each, first)  # fmt: skip


def photo_to_product() -> dict[str, Any]:
    """A photo taken in a shop → the clean product picture of the same class."""
    photos, (products, _) = catalogues.load("grocery"), catalogues.products_of_grocery()
    space = fitted(photos, with_words=False)
    look = _items(space, photos, with_words=False).look @ _items(space, products, with_words=False).look.T
    relevant = photos.column("title")[:, None] == np.array(products.texts)[None, :]
    hits = np.take_along_axis(relevant, _top(look, 5), axis=1)
    return _metrics_line(
        "Q-grocery-photo-to-product", f"photo → product on grocery: {len(relevant)} photos, "
        f"{relevant.shape[1]} products", {"R@1": hits[:, 0], "R@5": hits.any(axis=1)})  # fmt: skip


def street_to_shop() -> dict[str, Any]:
    """People's own photos of clothes → shop pictures of the same type."""
    street, shop = catalogues.load("clothing-photos"), catalogues.load("fashion")
    wanted = [STREET_TO_SHOP.get(label, "").split("|") for label in street.column("label")]
    types = shop.column("articleType")
    relevant = np.array([np.isin(types, names) for names in wanted])
    asked = np.flatnonzero(relevant.any(axis=1))
    space = fitted(shop, with_words=False)
    queries = _items(space, street.take(asked), with_words=False).look
    scores = queries @ _items(space, shop, with_words=False).look.T
    hits = np.take_along_axis(relevant[asked], _top(scores, 10), axis=1)
    return _picture_line(
        "Q-clothing-to-fashion-look", f"street → shop by type: {len(asked)} photos, {len(types)} shop pictures",
        hits.mean(axis=1), hits[:, 0])  # fmt: skip


def attributes_in_words() -> dict[str, Any]:
    """ "blue jeans for women" → exactly that gender, type and colour; items carry their titles."""
    shelf = catalogues.load("fashion")
    queries = _odd(catalogues.json_lines(catalogues.DATA / "catalogue-fashion" / "queries_text.jsonl.gz"))
    space = fitted(shelf)
    scores = (
        _words(space, [query["text"] for query in queries]) @ _items(space, shelf, with_words=True).words.T
    )
    return _metrics_line(
        "Q-fashion-attributes", f"words with type, gender and colour → fashion items with titles: {len(queries)} "
        "queries, vectors alone", {"P@10": _precision(scores, _relevant(shelf, queries))})  # fmt: skip


def composed() -> dict[str, Any]:
    """A picture and a change in words; beside it each half alone."""
    shelf = catalogues.load("fashion")
    queries = _odd(catalogues.json_lines(catalogues.DATA / "catalogue-fashion" / "queries_composed.jsonl.gz"))
    relevant = _relevant(shelf, queries)
    space = fitted(shelf)
    items = _items(space, shelf, with_words=True)
    place = {row["id"]: index for index, row in enumerate(shelf.rows)}
    refs = np.array([place[str(query["ref"])] for query in queries])
    look, words = items.look[refs], _words(space, [query["text"] for query in queries])
    both = np.empty((len(queries), len(place)), dtype=np.float32)
    for row, query in enumerate(queries):
        parts = space.compose(look[row : row + 1], words[row : row + 1], query["text"])
        both[row] = (parts[2] * parts[0] @ items.look.T + parts[3] * parts[1] @ items.words.T)[0]
    metrics = {}
    for label, scores in (("both", both), ("words", words @ items.words.T), ("picture", look @ items.look.T)):
        scores[np.arange(len(queries)), refs] = -np.inf
        metrics[f"P@10 {label}"] = _precision(scores, relevant)
    question = f"a picture and a new colour in words on fashion: {len(queries)} queries"
    return _metrics_line("Q-fashion-composed", question, metrics)


def is_it_there(name: str, others: list[str]) -> dict[str, Any]:
    """Is a search for what is not in the catalogue told from one for what is?"""
    shelf = catalogues.load(name)
    space = fitted(shelf, calibrate=True)
    items = _items(space, shelf, with_words=True).words
    own_words = {word for text in shelf.texts for word in _stems(text)}
    present = sorted({text for text in shelf.texts if text and zlib.crc32(text.encode()) % 2})[:400]
    foreign = sorted(
        {text for other in others if other != name for text in catalogues.load(other).texts if text}
    )
    absent = [text for text in foreign if not _stems(text) & own_words and zlib.crc32(text.encode()) % 2][
        :400
    ]
    best = []
    for texts in (present, absent):
        queries = _words(space, texts)
        best.append(
            space.relevance((queries @ items.T).max(axis=1)[:, None], space="words", queries=queries)[:, 0]
        )
    wins = (best[0][:, None] > best[1][None, :]).mean() + 0.5 * (best[0][:, None] == best[1][None, :]).mean()
    metrics = {
        "AUC": float(wins),
        "present called absent": float((best[0] < 0.5).mean()),
        "absent called present": float((best[1] >= 0.5).mean()),
    }
    question = f"is it there? on {name}: {len(present)} present, {len(absent)} absent searches"
    rounded = {key: round(value, 4) for key, value in metrics.items()}
    return record.line(f"Q-{name}-absence", question, wins, "AUC", better="higher", metrics=rounded)


def fitted(shelf: Shelf, *, with_words: bool = True, calibrate: bool = False) -> BridgeSpace:
    """A joint space fitted on these rows as the product does it."""
    pair = catalogues.encoders()
    background = load_background(pair.words, EncodeConfig().models_folder)
    words = (
        _embedded(shelf.texts) if with_words else np.zeros((len(shelf.texts), pair.words.width), np.float32)
    )
    sample = Sample(shelf.pictures, words, shelf.colours, shelf.texts if with_words else [""] * len(words))
    parts = fit_parts(sample, background, pair.pictures.classifier)  # type: ignore[attr-defined]
    if calibrate:
        parts = calibrated(parts, sample, background, pair.words)
    return BridgeSpace(parts, encoders_stamp(pair))


def _items(space: BridgeSpace, shelf: Shelf, *, with_words: bool) -> Any:
    width = catalogues.encoders().words.width
    words = _embedded(shelf.texts) if with_words else np.zeros((len(shelf.texts), width), np.float32)
    return space.items(shelf.pictures, words, shelf.colours)


def _words(space: BridgeSpace, texts: list[str]) -> np.ndarray:
    return space.words_of(_embedded(texts), texts)


def _embedded(texts: list[str]) -> np.ndarray:
    if not texts:
        return np.zeros((0, catalogues.encoders().words.width), np.float32)
    distinct = sorted(set(texts))
    vectors = catalogues.encoders().words.encode_words(distinct)
    place = {text: row for row, text in enumerate(distinct)}
    return vectors[[place[text] for text in texts]]


def _split(shelf: Shelf, seed: int) -> tuple[Shelf, Shelf]:
    distinct = sorted(set(shelf.texts))
    order = np.random.default_rng(seed).permutation(len(distinct))
    held = {distinct[row] for row in order[: round(HELD_OUT * len(distinct))]}
    is_held = np.array([text in held for text in shelf.texts])
    return shelf.take(np.flatnonzero(~is_held)), shelf.take(np.flatnonzero(is_held))


def _descriptions() -> dict[str, str]:
    products, descriptions = catalogues.products_of_grocery()
    names = [text.replace("-", " ") for text in products.texts]
    return dict(zip(names, descriptions, strict=True))


def _top(scores: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-scores, axis=1, kind="stable")[:, :k]


def _recall(scores: np.ndarray, relevant: np.ndarray, k: int) -> float:
    return float(np.take_along_axis(relevant, _top(scores, k), axis=1).any(axis=1).mean())


def _precision(scores: np.ndarray, relevant: np.ndarray) -> np.ndarray:
    hits = np.take_along_axis(relevant, _top(scores, 10), axis=1).sum(axis=1)
    return hits / np.minimum(10, relevant.sum(axis=1))


def _relevant(shelf: Shelf, queries: list[dict[str, Any]]) -> np.ndarray:
    ids = shelf.column("id")
    return np.array([np.isin(ids, [str(each) for each in query["relevant"]]) for query in queries])


def _odd(queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [query for query in queries if zlib.crc32(query["qid"].encode()) % 2]


def _twins(shelf: Shelf) -> np.ndarray:
    apart = np.bitwise_count(shelf.signatures[:, None] ^ shelf.signatures[None, :])
    return apart <= catalogues.NEAR_BITS


def _stems(text: str) -> set[str]:
    return {word.rstrip("s")[:6] for word in re.findall(r"[a-z]{3,}", text.lower())}


def _picture_line(id_: str, question: str, each: np.ndarray, first: np.ndarray) -> dict[str, Any]:
    return _metrics_line(id_, question, {"P@10": each, "1NN": first})


def _metrics_line(id_: str, question: str, metrics: dict[str, np.ndarray]) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    means, ends = {}, {}
    for name, each in metrics.items():
        values = np.asarray(each, dtype=np.float64)
        drawn = values[rng.integers(0, len(values), (1000, len(values)))].mean(axis=1)
        means[name] = round(float(values.mean()), 4)
        ends[name] = np.quantile(drawn, (0.025, 0.975)).round(4).tolist()
    (main_name, *_) = means
    return record.line(
        id_, question, means[main_name], main_name, better="higher", metrics=means, interval=ends
    )


if __name__ == "__main__":
    sys.exit(main())
