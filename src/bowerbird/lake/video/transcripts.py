"""This file is about transcripts: what is said in a video and when, from files that lie beside it.

SubRip, WebVTT, JSON as speech recognisers write it, or plain text. Whatever cannot be read as one of these is
taken as words without times: a transcript is never worth refusing a video for.
"""

import html
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ENDINGS = ("srt", "vtt")
MOST_BYTES = 2 * 2**20
_MOST_CUES, _CUE_CHARS = 20_000, 1_000
_WORDS_CHARS = 20_000
_TIMES = re.compile(
    r"^\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})\s*-->\s*(?:(\d{1,3}):)?(\d{1,2}):(\d{2})[.,](\d{1,3})"
)
_TAG = re.compile(r"<[^<>\n]{0,200}>|\{\\[^{}\n]{0,200}\}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][a-z0-9]{2,8})*", re.IGNORECASE)
_NOT_SPOKEN = ("NOTE", "STYLE", "REGION")


@dataclass(frozen=True, slots=True)
class Cue:
    """Something said, from and to when; both are 0 where nobody knows."""

    from_ms: int
    to_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that is said in a video, in order of time. `language` is a tag such as `en`, or empty."""

    cues: tuple[Cue, ...]
    language: str = ""

    @property
    def words(self) -> str:
        """What a word search looks through; the same line is there once, and there is an end to it."""
        lines = dict.fromkeys(cue.text for cue in self.cues)
        return " ".join(lines)[:_WORDS_CHARS]

    def as_json(self) -> str:
        """The cues as the lake keeps them."""
        return json.dumps([[cue.from_ms, cue.to_ms, cue.text] for cue in self.cues], ensure_ascii=False)

    @classmethod
    def of_json(cls, text: str, language: str = "") -> "Transcript":
        """The transcript of `as_json`."""
        return cls(tuple(Cue(*row) for row in json.loads(text)), language)


def read_transcript(text: str, language: str = "") -> Transcript | None:
    """The transcript in a text; None where nothing is said in it."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    found = list(_from_json(text))
    if not found and ("-->" in text or text.startswith("WEBVTT")):
        found = list(_from_cues(text))
    elif not found and not text.lstrip().startswith(("{", "[")):
        found = [Cue(0, 0, line) for line in _clean_lines(text)]
    kept = sorted((cue for cue in found if cue.text), key=lambda cue: (cue.from_ms, cue.to_ms))[:_MOST_CUES]
    return Transcript(tuple(kept), _tag(language)) if kept else None


def is_transcript_json(text: str) -> bool:
    """Whether JSON beside a video is what a speech recogniser wrote, and no fields of an item."""
    return any(True for _ in _from_json(text))


def language_of_name(name: str) -> str:
    """`en` of `film.en`; empty where the name ends otherwise."""
    _, dot, last = name.rpartition(".")
    return _tag(last) if dot and len(last) <= 8 else ""


def cue_of(transcript: Transcript, words: Sequence[str]) -> Cue | None:
    """The first cue that has most of some lower-case words, by their beginnings; None where none has any."""
    best, most = None, 0
    stems = [word[: max(4, len(word) - 2)] for word in words]
    for cue in transcript.cues:
        said = re.findall(r"\w+", cue.text.lower())
        count = sum(any(word.startswith(stem) for word in said) for stem in stems)
        if count > most:
            best, most = cue, count
    return best


def _from_cues(text: str) -> Iterator[Cue]:
    """Cues of SubRip and WebVTT: a line with two times, then lines until an empty one."""
    for block in re.split(r"\n[ \t]*\n", text):
        lines = block.strip("\n").split("\n")
        if lines[0].startswith(_NOT_SPOKEN):
            continue
        for at, line in enumerate(lines[:3]):
            if times := _TIMES.match(line):
                said = " ".join(_clean_lines("\n".join(lines[at + 1 :])))
                yield Cue(_ms(times.groups()[:4]), _ms(times.groups()[4:]), said[:_CUE_CHARS])
                break


def _from_json(text: str) -> Iterator[Cue]:
    if not text.lstrip().startswith(("{", "[")):
        return
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return
    rows = said.get("segments", said.get("cues")) if isinstance(said, dict) else said
    for row in rows if isinstance(rows, list) else ():
        start, end = (_seconds(row, names) for names in (("start", "from"), ("end", "to")))
        if start is not None and isinstance(row.get("text"), str):
            yield Cue(start, end or start, " ".join(_clean_lines(row["text"]))[:_CUE_CHARS])


def _seconds(row: object, names: tuple[str, ...]) -> int | None:
    """Milliseconds of a field in seconds."""
    if not isinstance(row, dict):
        return None
    value = next((row[name] for name in names if name in row), None)
    is_time = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e6
    return int(value * 1000) if is_time and value is not None else None


def _clean_lines(text: str) -> Iterator[str]:
    for line in text.split("\n"):
        plain = html.unescape(_TAG.sub("", line))
        visible = "".join(letter if letter.isprintable() else " " for letter in plain)
        if visible.split():
            yield " ".join(visible.split())[:_CUE_CHARS]


def _ms(parts: Sequence[str | None]) -> int:
    hours, minutes, seconds, rest = parts
    whole = (int(hours or 0) * 60 + int(minutes or 0)) * 60 + int(seconds or 0)
    return whole * 1000 + int((rest or "0").ljust(3, "0"))


def _tag(language: str) -> str:
    return language.lower().replace("_", "-") if _LANGUAGE.fullmatch(language) else ""
