"""This file is about choosing frames: few that tell what a video shows, from many that stream past.

Memory does not grow with the video: of each scene, or piece of a long scene, only the best frame so far is
kept, and when there are too many pieces the two neighbours most alike become one.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

from bowerbird.core.arrays import Pixels
from bowerbird.lake.video.sight import Glance, is_cut, is_same, levels_apart, worth

_LEAST_FRAMES, _MOST_FRAMES = 16, 32
_FRAMES_A_MINUTE = 2.0
_LEAST_STEP_MS = 1_000
_LOOKS_A_STEP = 6
_MEMORY = 0.8  # of how fast pictures change, from frame to frame
_AFTER_CUT_MS = 60  # a frame so near a cut may show both scenes
_AFTER_CUT_WORTH = 0.7
_EDGE_SHARE, _EDGE_WORTH = 0.03, 0.85  # titles and fades lie at the ends


@dataclass(frozen=True, slots=True)
class Seen:
    """A frame that streams past, shrunk only as far as somebody asks."""

    at_ms: int
    tiny: Pixels
    clear: Callable[[], Pixels]
    large: Callable[[], Pixels]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The best frame of one piece of a video.

    Attributes:
        from_ms: when its piece begins.
        is_scene: the piece begins with a cut.
        worth: how much the frame tells.
        picture: at most as large as the largest display size.
    """

    at_ms: int
    from_ms: int
    is_scene: bool
    worth: float
    glance: Glance
    picture: Pixels


def most_frames(duration_ms: int) -> int:
    """How many frames a video of this length may have."""
    more = int(_FRAMES_A_MINUTE * max(duration_ms - 60_000, 0) / 60_000)
    return min(_LEAST_FRAMES + more, _MOST_FRAMES)


class Chooser:
    """Takes frames in order of time, gives the few that tell most."""

    def __init__(self, duration_ms: int, least_step_ms: int = _LEAST_STEP_MS) -> None:
        """For a video of this length; 0 where it is not known."""
        self._duration_ms = duration_ms
        self._most = most_frames(duration_ms)
        self._step_ms = max(least_step_ms, duration_ms // self._most)
        self._pieces: list[Chosen] = []
        self._open: Chosen | None = None
        self._before: Glance | None = None
        self._usual_levels = 0.0
        self._from_ms, self._looked_ms, self._is_scene = 0, 0, True

    @property
    def step_ms(self) -> int:
        """The longest piece."""
        return self._step_ms

    def add(self, seen: Seen) -> None:
        """One more frame; later than all before."""
        glance = Glance.of(seen.tiny)
        begins_scene = self._is_cut(glance)
        if begins_scene or seen.at_ms - self._from_ms >= self._step_ms:
            self._close()
            self._from_ms, self._is_scene = seen.at_ms, begins_scene
        is_due = seen.at_ms - self._looked_ms >= self._step_ms // _LOOKS_A_STEP
        if self._open is None or is_due or self._open.glance.is_blank:
            self._look(seen, glance)

    def finish(self) -> tuple[list[Chosen], int]:
        """The frames in order of time, and which of them is the poster; at least one if one was added."""
        self._close()
        telling = [piece for piece in self._pieces if not piece.glance.is_blank] or self._pieces[:1]
        kept: list[Chosen] = []
        for piece in telling:
            if not any(is_same(piece.glance, other.glance) for other in kept):
                kept.append(piece)
        _thin(kept, self._most)
        poster = max(range(len(kept)), key=lambda row: self._as_poster(kept[row]), default=0)
        return kept, poster

    def _is_cut(self, glance: Glance) -> bool:
        before, self._before = self._before, glance
        if before is None:
            return False
        found = is_cut(before, glance, self._usual_levels)
        # What follows a cut says nothing of how fast the new scene changes.
        levels = 0.0 if found else levels_apart(before, glance)
        self._usual_levels = _MEMORY * self._usual_levels + (1 - _MEMORY) * levels
        return found

    def _look(self, seen: Seen, glance: Glance) -> None:
        self._looked_ms = seen.at_ms
        told = worth(seen.clear())
        is_near_cut = self._is_scene and self._from_ms > 0 and seen.at_ms - self._from_ms < _AFTER_CUT_MS
        told *= _AFTER_CUT_WORTH if is_near_cut else 1.0
        best = self._open
        if best is None or (best.glance.is_blank, -best.worth) > (glance.is_blank, -told):
            self._open = Chosen(seen.at_ms, self._from_ms, self._is_scene, told, glance, seen.large())

    def _close(self) -> None:
        if self._open is not None:
            self._pieces.append(self._open)
            self._open = None
        _thin(self._pieces, 2 * self._most)

    def _as_poster(self, piece: Chosen) -> float:
        edge_ms = _EDGE_SHARE * self._duration_ms
        is_at_edge = piece.at_ms < edge_ms or piece.at_ms > self._duration_ms - edge_ms
        return piece.worth * (_EDGE_WORTH if is_at_edge else 1.0)


def _thin(pieces: list[Chosen], most: int) -> None:
    """Of the two neighbours most alike, one goes, until there are at most `most`."""
    while len(pieces) > most:
        apart = [levels_apart(left.glance, right.glance) for left, right in pairwise(pieces)]
        at = min(range(len(apart)), key=apart.__getitem__)
        left, right = pieces[at], pieces[at + 1]
        better = left if left.worth >= right.worth else right
        is_one_scene = better is right and not right.is_scene
        pieces[at : at + 2] = [replace(better, from_ms=left.from_ms) if is_one_scene else better]
