"""This file is about asking the indexes directly: words or a picture in, hits and how sure they are out."""

from dataclasses import dataclass

from bowerbird.core.arrays import Pixels
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import JointSpace
from bowerbird.lake.colours import colour_shares
from bowerbird.retrieve.cutoff import Cut, cut, word_probabilities
from bowerbird.retrieve.fusion import SourceHits, first_row, merge
from bowerbird.retrieve.indexes import Indexes
from bowerbird.retrieve.types import Candidates


@dataclass(frozen=True, slots=True)
class Answer:
    """What the indexes propose, best first, and how much of it is worth showing."""

    candidates: Candidates
    ending: Cut


def answer_words(indexes: Indexes, encoders: Encoders, space: JointSpace, text: str, limit: int) -> Answer:
    """At most `limit` items for words: by meaning and by the words themselves."""
    query = space.words_of(encoders.words.encode_words([text]), [text])
    hits = indexes.words.search(query, limit)
    said = indexes.lexical.find(text, limit)
    by_meaning = first_row("meaning", hits, space.relevance(hits.scores, space="words", queries=query))
    by_words = SourceHits("words", said.numbers, word_probabilities(said.has_all, said.edits))
    found = merge([by_meaning, by_words], limit)
    return Answer(found, cut(found.scores))


def answer_picture(
    indexes: Indexes, encoders: Encoders, space: JointSpace, pixels: Pixels, limit: int
) -> Answer:
    """At most `limit` items that look like a picture."""
    query = space.look_of(encoders.pictures.encode_pictures([pixels]), colour_shares(pixels)[None])
    hits = indexes.look.search(query, limit)
    chances = space.relevance(hits.scores, space="look", queries=query)
    found = merge([first_row("look", hits, chances)], limit)
    return Answer(found, cut(found.scores, least=limit))
