"""Switching encoders over a real lake with the two built-in encoders, stopped and done again at will."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from bowerbird.core.errors import ConflictError, InputError, NotFoundError, SwitchCancelledError
from bowerbird.encode import EncodeConfig, Encoders, load_encoders
from bowerbird.encode.fitting import load_space
from bowerbird.encode.generations import folder_of, note_first, read_generations, remove_orphans
from bowerbird.encode.job import encode_missing, fit_space
from bowerbird.encode.stored import picture_table, table_names
from bowerbird.lake.importing.job import import_source
from bowerbird.lake.items import delete_items
from bowerbird.lake.lake import Lake
from bowerbird.retrieve.ready import ready_indexes
from bowerbird.retrieve.switch_progress import SwitchProgress, read_progress
from bowerbird.retrieve.switching import (
    cancel_switch,
    drop_generation,
    is_running,
    keep_companions,
    roll_back,
    switch_encoder,
)

OTHER = "lite0-float32"


def draw(folder: Path, name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (96, 96), tuple(int(x) for x in rng.integers(160, 256, 3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(4):
        x, y = (int(v) for v in rng.integers(0, 70, 2))
        pen.ellipse((x, y, x + 24, y + 24), fill=tuple(int(v) for v in rng.integers(0, 200, 3)))
    folder.mkdir(parents=True, exist_ok=True)
    picture.save(folder / f"{name}.png")


def load(encoder: str) -> Encoders:
    return load_encoders(EncodeConfig(encoder=encoder))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake of 40 pictures that is served with the int8 encoder."""
    folder = tmp_path_factory.mktemp("switching")
    for number in range(40):
        draw(folder / "pictures", f"thing {number}", number)
    encoders = load("lite0")
    with Lake.open(folder / "lake", create=True) as lake:
        import_source(lake, folder / "pictures")
        encode_missing(lake, encoders)
        fit_space(lake, encoders)
        note_first(lake.path, "lite0", table_names(encoders), lake.clock.now_ms())
        ready_indexes(lake, encoders)
    return folder


@pytest.fixture
def lake(served: Path, tmp_path: Path) -> Iterator[Lake]:
    shutil.copytree(served, tmp_path / "copy")
    with Lake.open(tmp_path / "copy" / "lake") as opened:
        yield opened


def live_ids(lake: Lake) -> set[str]:
    return set(lake.items.read(["id"])["id"].to_pylist())


def served_ids(lake: Lake, encoder: str) -> set[str]:
    """Ids of what the serving generation finds; it has to be one of this encoder."""
    kept = read_generations(lake.path)
    assert kept is not None
    assert kept.active.encoder == encoder
    ready = ready_indexes(lake, load(encoder))
    return set(ready.catalogue.ids_of(ready.indexes.numbers()))


def test_switched_lake_serves_every_item_with_the_other_encoder(lake: Lake) -> None:
    report = switch_encoder(lake, OTHER, load)

    assert (report.is_active, report.pictures, report.items) == (True, 40, 40)
    assert served_ids(lake, OTHER) == live_ids(lake)


def test_what_served_before_is_untouched_until_the_switch_and_kept_after_it(lake: Lake) -> None:
    before = ready_indexes(lake, load("lite0")).indexes.stamp_text

    switch_encoder(lake, OTHER, load, activates=False)
    waiting = ready_indexes(lake, load("lite0")).indexes.stamp_text
    switch_encoder(lake, OTHER, load)
    kept = read_generations(lake.path)

    assert waiting == before
    assert kept is not None
    assert kept.previous is not None
    assert kept.previous.encoder == "lite0"
    assert load_space(lake, load("lite0"), folder_of(lake.path, kept.previous)) is not None


@pytest.mark.parametrize("stop_at", ["starting", "encoding", "fitting", "indexing", "checking"])
def test_switch_stopped_at_any_phase_goes_on_with_the_same_command(lake: Lake, stop_at: str) -> None:
    def stop(progress: SwitchProgress) -> None:
        if progress.phase == stop_at:
            raise KeyboardInterrupt

    if stop_at != "starting":
        with pytest.raises(KeyboardInterrupt):
            switch_encoder(lake, OTHER, load, tell=stop)
    halfway = read_generations(lake.path)
    report = switch_encoder(lake, OTHER, load)

    assert stop_at == "starting" or (halfway is not None and halfway.active.encoder == "lite0")
    assert stop_at == "starting" or (halfway is not None and halfway.candidate is not None)
    assert halfway is None or halfway.candidate is None or report.generation == halfway.candidate.id
    assert served_ids(lake, OTHER) == live_ids(lake)


def test_items_that_come_and_go_during_a_switch_come_and_go_in_the_new_generation(
    lake: Lake, tmp_path: Path
) -> None:
    gone = min(live_ids(lake))

    def meanwhile(progress: SwitchProgress) -> None:
        if progress.phase == "fitting":
            draw(tmp_path / "more", "late", 99)
            import_source(lake, tmp_path / "more")
            delete_items(lake, [gone])

    switch_encoder(lake, OTHER, load, tell=meanwhile)
    served = served_ids(lake, OTHER)

    assert gone not in served
    assert served == live_ids(lake)
    assert len(served) == 40


def test_rollback_serves_the_generation_before_with_what_came_since(lake: Lake, tmp_path: Path) -> None:
    switch_encoder(lake, OTHER, load)
    draw(tmp_path / "more", "later", 77)
    import_source(lake, tmp_path / "more")

    back = roll_back(lake, load)

    assert back.previous is not None
    assert back.previous.encoder == OTHER
    assert served_ids(lake, "lite0") == live_ids(lake)
    assert roll_back(lake, load).active.encoder == OTHER


def test_companions_hold_what_came_in_since(lake: Lake, tmp_path: Path) -> None:
    switch_encoder(lake, OTHER, load)
    draw(tmp_path / "more", "fresh", 55)
    import_source(lake, tmp_path / "more")

    kept = keep_companions(lake, load)

    assert list(kept.values()) == [41]
    assert picture_table(lake, load("lite0")).count() == 41


def test_cancelled_switch_leaves_nothing_behind(lake: Lake) -> None:
    tables = {path.name for path in (lake.path / "tables" / "embedding").glob("*/*.lance")}

    def cancel(progress: SwitchProgress) -> None:
        if progress.phase == "encoding":
            cancel_switch(lake)

    with pytest.raises(SwitchCancelledError, match="cancelled"):
        switch_encoder(lake, OTHER, load, tell=cancel)

    kept = read_generations(lake.path)
    assert kept is not None
    assert kept.candidate is None
    assert not list((lake.path / "generations").glob("*/index"))
    assert {path.name for path in (lake.path / "tables" / "embedding").glob("*/*.lance")} == tables


def test_waiting_candidate_can_be_cancelled_too(lake: Lake) -> None:
    switch_encoder(lake, OTHER, load, activates=False)

    cancelled = cancel_switch(lake)

    assert cancelled.encoder == OTHER
    with pytest.raises(NotFoundError):
        cancel_switch(lake)


def test_dropped_previous_frees_its_embeddings_and_leaves_words_that_both_share(lake: Lake) -> None:
    switch_encoder(lake, OTHER, load)
    kept = read_generations(lake.path)
    assert kept is not None
    assert kept.previous is not None

    drop_generation(lake, kept.previous.id)
    names = {path.name for path in (lake.path / "tables" / "embedding" / "picture").glob("*.lance")}

    assert len(names) == 1
    assert served_ids(lake, OTHER) == live_ids(lake)
    with pytest.raises(NotFoundError):
        roll_back(lake, load)


def test_switch_to_what_serves_or_beside_another_switch_is_refused(lake: Lake) -> None:
    with pytest.raises(ConflictError, match="already"):
        switch_encoder(lake, "lite0", load)
    switch_encoder(lake, OTHER, load, activates=False)
    with pytest.raises(ConflictError, match="under way"):
        switch_encoder(lake, "hf:/models/x", load)


def test_encoder_whose_vectors_are_no_numbers_may_not_serve(lake: Lake) -> None:
    class Blind:
        def __init__(self) -> None:
            self.width, self.stamp = 1280, load("lite0").pictures.stamp.__class__("blind", "1", "1")

        def encode_pictures(self, pictures: list[np.ndarray]) -> np.ndarray:
            return np.full((len(pictures), self.width), np.nan, dtype=np.float32)

    def load_blind(encoder: str) -> Encoders:
        return Encoders(Blind(), load("lite0").words) if encoder == "blind:1" else load(encoder)

    with pytest.raises(InputError, match="NaN"):
        switch_encoder(lake, "blind:1", load_blind)
    kept = read_generations(lake.path)

    assert kept is not None
    assert kept.active.encoder == "lite0"
    assert served_ids(lake, "lite0") == live_ids(lake)


def test_progress_can_be_read_by_others_and_only_grows(lake: Lake) -> None:
    seen: list[float] = []
    phases: list[str] = []

    def look(progress: SwitchProgress) -> None:
        kept = read_generations(lake.path)
        assert kept is not None
        folder = folder_of(lake.path, kept.candidate)
        read = read_progress(folder)
        assert read is not None
        assert is_running(folder)
        seen.append(read.ratio)
        phases.append(read.phase)

    report = switch_encoder(lake, OTHER, load, tell=look)
    kept = read_generations(lake.path)

    assert kept is not None
    assert report.generation == kept.active.id
    assert seen == sorted(seen)
    assert phases[-1] == "ready"
    assert not is_running(folder_of(lake.path, kept.active))


def test_folder_that_no_generation_names_is_removed(lake: Lake) -> None:
    switch_encoder(lake, OTHER, load)
    (lake.path / "generations" / "gen_left" / "index").mkdir(parents=True)

    assert remove_orphans(lake.path) == ["gen_left"]
    assert served_ids(lake, OTHER) == live_ids(lake)
