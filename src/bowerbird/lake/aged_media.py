"""This file is about all media in order of age, in narrow arrays: some 70 bytes each, so a million fit."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from bowerbird.lake.colours import NAMED_COLOURS
from bowerbird.lake.lake import Lake

_ID_BYTES = 32
_COLUMNS = ("id", "signature", "width_px", "height_px", "colours")


@dataclass(frozen=True, slots=True)
class AgedMedia:
    """[N] media, the oldest first.

    Attributes:
        ids: [N, 32] uint8, the sha256 of each.
        signatures: [N] int64.
        widths, heights: [N] int32.
        shares: [N, colours] uint8, of 255.
        is_new: [N] bool, it was not compared yet.
        leads: [N] bool, it was compared and begins a group; changed as comparing goes on.
    """

    ids: np.ndarray
    signatures: np.ndarray
    widths: np.ndarray
    heights: np.ndarray
    shares: np.ndarray
    is_new: np.ndarray
    leads: np.ndarray

    @classmethod
    def read(cls, lake: Lake, *, leading: str) -> "AgedMedia":
        """Those of the lake; `leading` is the word in `look_alike.how` of those that begin a group."""
        # What is compared is read first: media that come in meanwhile are new.
        done, leads = _compared(lake, leading)
        table = pa.Table.from_batches(
            lake.media.scan(_COLUMNS, with_row_id=True, batch_rows=16_384),
            pa.schema([*(lake.media.spec.schema.field(name) for name in _COLUMNS), ("_rowid", pa.uint64())]),
        )
        table = table.take(pc.sort_indices(table["_rowid"]))
        ids = _digests(table["id"])
        states = _states(ids, done, leads)
        shares = pc.fill_null(table["colours"].combine_chunks().flatten(), 0.0)
        return cls(
            ids=ids,
            signatures=pc.fill_null(table["signature"], 0).to_numpy(),
            widths=pc.fill_null(table["width_px"], 0).to_numpy(),
            heights=pc.fill_null(table["height_px"], 0).to_numpy(),
            shares=np.rint(
                shares.to_numpy(zero_copy_only=False).reshape(-1, len(NAMED_COLOURS)) * 255
            ).astype(np.uint8),
            is_new=states < 0,
            leads=states == 1,
        )

    def id_of(self, row: int) -> str:
        """The media id of a row."""
        return bytes(self.ids[row]).hex()

    def bits_apart(self, earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
        """[P] in how many bits the signatures of pairs of rows differ."""
        bits: np.ndarray = np.bitwise_count(
            (self.signatures[earlier] ^ self.signatures[later]).view(np.uint64)
        )
        return bits

    def colours_apart(self, earlier: np.ndarray, later: np.ndarray) -> np.ndarray:
        """[P] how much of the subject has another colour, 0 to 2, for pairs of rows."""
        levels = np.abs(self.shares[earlier].astype(np.int16) - self.shares[later]).sum(axis=1)
        apart: np.ndarray = levels / 255.0
        return apart


def _digests(ids: pa.ChunkedArray) -> np.ndarray:
    """[N, 32] uint8 of texts of 64 hex digits."""
    joined = b"".join(bytes.fromhex("".join(chunk.to_pylist())) for chunk in ids.chunks)
    return np.frombuffer(joined, dtype=np.uint8).reshape(-1, _ID_BYTES)


def _compared(lake: Lake, leading: str) -> tuple[np.ndarray, np.ndarray]:
    """[K, 32] ids of what was compared, and [K] whether it begins a group."""
    known = lake.look_alikes.read(["id", "how"])
    return _digests(known["id"]), pc.equal(known["how"], leading).to_numpy()


def _states(ids: np.ndarray, done: np.ndarray, leads: np.ndarray) -> np.ndarray:
    """[N] -1 where it was not compared, 1 where it leads, 0 otherwise; told by 64 bits of each id."""
    states = np.full(len(ids), -1, np.int8)
    if len(done) and len(ids):
        order = np.argsort(_heads(done))
        known, wanted = _heads(done)[order], _heads(ids)
        places = np.minimum(np.searchsorted(known, wanted), len(known) - 1)
        found = known[places] == wanted
        states[found] = leads[order][places][found]
    return states


def _heads(ids: np.ndarray) -> np.ndarray:
    heads: np.ndarray = np.ascontiguousarray(ids[:, :8]).view(np.uint64).ravel()
    return heads
