"""This file is about the settings of the encoders."""

import os
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class EncodeConfig(BaseModel):
    """Settings of the encoders."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    encoder: Annotated[str, Field(pattern=r"^(lite0|lite0-float32|[a-z0-9_]+:.+)$")] = "lite0"
    """`lite0` or `lite0-float32` (built in), or `kind:folder`, for example `hf:/models/siglip2`.

    A lake that was encoded before keeps its encoder until `bowerbird encode switch`.
    """
    models_dir: Path | None = None
    """Where converted models are kept; derived, can be deleted."""
    batch_items: Annotated[int, Field(ge=1, le=1024)] = 4
    """Pictures in one call of the network: on a CPU more is no faster and needs more memory."""
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    """Threads of an encode job; 0 means one a core."""

    @property
    def models_folder(self) -> Path:
        """`models_dir`, or the cache folder of this person's account."""
        if self.models_dir is not None:
            return self.models_dir
        cache = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
        return Path(cache) / "bowerbird" / "models"

    @property
    def worker_threads(self) -> int:
        """Threads of an encode job."""
        return self.threads or len(os.sched_getaffinity(0))
