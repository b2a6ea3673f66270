"""This file is about how pages and boards look as JSON; an item's card is encoded once, here it is joined."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import orjson

from bowerbird.blend.types import FrameShown, Page, Placement
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.records import Board, Section
from bowerbird.lake.video.transcripts import Cue, Transcript
from bowerbird.surfaces.boards import BoardItem
from bowerbird.surfaces.search import SearchPage


def page_shown(
    page: Page | SearchPage, catalogue: Catalogue, said: Mapping[int, Cue] | None = None
) -> dict[str, Any]:
    """A page, ready for `orjson.dumps`; `said` is what items' videos say of the search, by item number."""
    return {
        "request_id": page.request_id,
        "items": [
            _placed(placement, catalogue, (said or {}).get(placement.number))
            for placement in page.placements
            # A page that was kept for its cursor may hold an item that was deleted since.
            if catalogue.live[placement.number]
        ],
        "cursor": page.cursor,
        "report": {
            "stages": [
                {
                    "stage": each.stage,
                    "taken": each.taken,
                    "given": each.given,
                    "ms": round(each.ms, 3),
                    "note": each.note,
                }
                for each in page.report
            ],
            "degraded": list(page.degraded),
        },
        "models": page.models,
    }


def search_shown(page: SearchPage, catalogue: Catalogue, said: Mapping[int, Cue]) -> dict[str, Any]:
    """A page of search, ready for `orjson.dumps`."""
    query = page.query
    region = None if query.region is None else asdict(query.region)
    return page_shown(page, catalogue, said) | {
        "query": {
            "words": query.words,
            "colours": query.colours,
            "region": region,
            "has_picture": query.has_picture,
        },
        "verdict": page.verdict,
        "message": page.message,
    }


def card(number: int, catalogue: Catalogue) -> orjson.Fragment:
    """An item's JSON, as encoded when it was first shown."""
    return orjson.Fragment(catalogue.card(number))


def cards(item_ids: tuple[str, ...], catalogue: Catalogue) -> list[orjson.Fragment]:
    """The JSON of those of the items that are live, in order."""
    numbers = catalogue.numbers_of(list(item_ids))
    return [card(int(number), catalogue) for number in numbers if number >= 0 and catalogue.live[number]]


def board_shown(board: Board, catalogue: Catalogue) -> dict[str, Any]:
    """A board with its cover."""
    return {
        "id": board.id,
        "name": board.name,
        "description": board.description,
        "is_secret": board.is_secret,
        "count": board.count,
        "cover": cards(board.cover, catalogue),
        "sections": [section_shown(section) for section in board.sections],
    }


def section_shown(section: Section) -> dict[str, Any]:
    """A part of a board."""
    return {"id": section.id, "name": section.name, "count": section.count}


def saved_shown(item: BoardItem, catalogue: Catalogue) -> dict[str, Any]:
    """One item on a board."""
    return {
        "item": card(item.number, catalogue),
        "section_id": item.section_id,
        "saved_ms": item.saved_ms,
    }


def _placed(placement: Placement, catalogue: Catalogue, said: Cue | None) -> dict[str, Any]:
    reason = placement.reason
    evidence = catalogue.ids_of(np.array(reason.evidence, dtype=np.int64)) if reason.evidence else []
    return {
        "item": card(placement.number, catalogue),
        "position": placement.position,
        "kind": placement.kind,
        "source": placement.source,
        "propensity": round(placement.propensity, 6),
        "score": _finite(placement.score),
        "value": _finite(placement.value),
        "reason": {"kind": reason.kind, "text": reason.text, "evidence": list(evidence)},
        "frame": None if placement.frame is None else frame_shown(placement.frame),
        "said": None if said is None else _cue_shown(said),
    }


def frame_shown(frame: FrameShown) -> dict[str, Any]:
    """A frame of a video: when it is shown, and where its picture is."""
    picture = f"/img/{frame.media_id}/frame-{frame.index}.jpg"
    return {"index": frame.index, "at_ms": frame.at_ms, "picture": picture}


def transcript_shown(transcript: Transcript) -> dict[str, Any]:
    """All that is said in a video."""
    return {"language": transcript.language, "cues": [_cue_shown(cue) for cue in transcript.cues]}


def _cue_shown(cue: Cue) -> dict[str, Any]:
    return {"at_ms": cue.from_ms, "text": cue.text}


def _finite(number: float) -> float:
    # JSON has no infinity; a score that is none (a fresh item, say) is told as zero.
    return round(float(number), 5) if np.isfinite(number) else 0.0
