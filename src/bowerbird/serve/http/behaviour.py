"""This file is about behaviour features over HTTP: what is counted of oneself, also beside one item."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from starlette.responses import Response

from bowerbird.rank.declared import FEATURES, VERSION
from bowerbird.serve.http.answers import json, told
from bowerbird.serve.http.asking import Ready, Who
from bowerbird.serve.http.schemas import FeaturesShown

router = APIRouter(tags=["people"])

ItemId = Annotated[str, Query(max_length=256, description="Beside which item; none for oneself alone")]
_NO_ITEM = -1


@router.get("/v1/me/features", response_model=None, responses=told(FeaturesShown))
async def my_features(service: Ready, person: Who, item: ItemId = "") -> Response:
    """Every behaviour feature of the person with an item; what one does is in it within a moment."""

    def act() -> Response:
        number = service.number_of(item) if item else _NO_ITEM
        now_ms = service.clock.now_ms()
        values = service.behaviour.read(person.person_id, np.array([number]), now_ms)[0]
        shown = [
            {"name": each.name, "kind": each.kind, "meaning": each.meaning, "value": round(value, 6)}
            for each, value in zip(FEATURES, values.tolist(), strict=True)
        ]
        return json({"version": VERSION, "at_ms": now_ms, "item": item, "features": shown})

    return await service.lanes.reads.run(act)
