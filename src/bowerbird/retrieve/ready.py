"""This file is about opening everything that a search needs, over a lake that has been encoded."""

from dataclasses import dataclass
from pathlib import Path

from bowerbird.core.errors import StageUnavailableError
from bowerbird.encode.fitting import load_space
from bowerbird.encode.registry import Encoders
from bowerbird.encode.types import JointSpace
from bowerbird.lake.catalogue import Catalogue
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.indexes import Indexes


@dataclass(frozen=True, slots=True)
class Ready:
    """Open and in step with each other."""

    catalogue: Catalogue
    encoders: Encoders
    space: JointSpace
    indexes: Indexes


def ready_indexes(
    lake: Lake, encoders: Encoders, *, is_new: bool = False, folder: Path | None = None
) -> Ready:
    """Catalogue, space and indexes of the generation in `folder`, or of the one that serves.

    `is_new` builds the indexes in any case.

    Raises:
        StageUnavailableError: no joint space has been fitted.
        IncompatibleEmbeddingError: it was fitted on vectors of other encoders.
    """
    space = load_space(lake, encoders, folder)
    if space is None:
        raise StageUnavailableError(
            f"no joint space in {lake.path}; needed is one fitted on its items; "
            f"run `bowerbird encode run` and `bowerbird encode fit` with --lake {lake.path}"
        )
    catalogue = Catalogue.open(lake)
    indexes = Indexes.open(lake, catalogue, encoders, space, is_new=is_new, folder=folder)
    return Ready(catalogue, encoders, space, indexes)
