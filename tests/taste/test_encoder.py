import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from taste_world import HOUR_MS, START_MS, TASTES, world

from bowerbird.core.errors import IncompatibleEmbeddingError, InputError
from bowerbird.taste.encoder import EncoderConfig, LinkColumns, Links, TasteColumns, neighbours_of
from bowerbird.taste.encoder.batches import KnownPairs, arrays_of, chances_of
from bowerbird.taste.encoder.labels import ASKED, CO_SAVE, NEXT_ACTION, Labels, labels_of
from bowerbird.taste.encoder.moments import moments, view_of
from bowerbird.taste.encoder.neighbours import contexts_of
from bowerbird.taste.encoder.train import prepare, served, untrained
from bowerbird.taste.encoder.types import NEVER_MS, before, held, no_links
from bowerbird.taste.graph import EdgeKind, Edges

SMALL = EncoderConfig(width=16, inner=16, neighbours=4, walks=16, views=4, history=3, batch_rows=64)
times = st.lists(st.integers(0, 40), min_size=1, max_size=40)


def columns_of(rows: list[tuple[int, int, int]], *, boards: int = 6, items: int = 8) -> TasteColumns:
    """Saves of (item, board, time)."""
    item, board, at_ms = np.array(rows, dtype=np.int64).reshape(-1, 3).T
    nobody = np.zeros((0, 4), np.float32)
    saved = LinkColumns.of(item, board, at_ms)
    return TasteColumns(
        np.eye(items, 4, dtype=np.float32), boards, 0, 0, saved, no_links(), no_links(), nobody,
        np.zeros((boards, 4), np.float32),
    )  # fmt: skip


saves = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5), st.integers(0, 30)), max_size=60)


@given(rows=saves, at_ms=st.integers(0, 31))
@settings(max_examples=60, deadline=None)
def test_neighbours_share_a_board_chain_before_the_moment_and_nothing_else_counts(
    rows: list[tuple[int, int, int]], at_ms: int
) -> None:
    columns = columns_of(rows)
    found = neighbours_of(columns, at_ms, SMALL)
    earlier = [row for row in rows if row[2] < at_ms]
    on = {board: {item for item, on_board, _ in earlier if on_board == board} for _, board, _ in earlier}
    once = {item: set().union(*(on[b] for b in on if item in on[b]), set()) for item in range(8)}
    twice = {item: set().union(*(once[other] for other in once[item]), set()) for item in range(8)}

    for item in range(8):
        there = found.items[item][found.items[item] >= 0].tolist()
        assert len(set(there)) == len(there)
        assert set(there) <= twice[item] - {item}
        assert bool(there) == bool(once[item] - {item}) or not there
        if there:
            assert found.shares[item].sum() == pytest.approx(1, abs=1e-5)
    again = neighbours_of(columns_of(earlier), at_ms, SMALL)
    np.testing.assert_array_equal(found.items, again.items)


def test_a_hub_is_nobodys_nearest_neighbour_where_degrees_damp_it() -> None:
    # Item 0 is on every board; items 1 and 2 share two boards with each other and with it.
    rows = [(0, board, 0) for board in range(6)] + [(item, board, 0) for item in (1, 2) for board in (0, 1)]
    columns = columns_of(rows)
    many = SMALL.model_copy(update={"walks": 400, "hops": 1})

    damped = neighbours_of(columns, 1, many.model_copy(update={"hub_power": 1.0}))
    plain = neighbours_of(columns, 1, many.model_copy(update={"hub_power": 0.0}))

    def share(found: object, item: int, other: int) -> float:
        row = found.items[item] == other  # type: ignore[attr-defined]
        return float(found.shares[item][row].sum())  # type: ignore[attr-defined]

    assert damped.items[1, 0] == 2
    assert share(damped, 1, 0) < share(plain, 1, 0) - 0.1


def test_an_edge_that_was_taken_back_leads_nowhere_any_more() -> None:
    item, board = np.array([1, 2]), np.array([0, 0])
    saved = LinkColumns.of(item, board, np.array([5, 5]), until_ms=np.array([NEVER_MS, 20]))
    columns = columns_of([])
    columns = TasteColumns(columns.content, 6, 0, 0, saved, no_links(), no_links(), columns.query_words,
                           columns.board_words)  # fmt: skip

    assert neighbours_of(columns, 20, SMALL).items[1, 0] == 2
    assert neighbours_of(columns, 21, SMALL).items[1, 0] == -1
    assert before(saved, 20).until_ms[1] == NEVER_MS, "an end that lies ahead is not known yet"
    assert held(saved, 5).sum() == 0


@given(at_ms=times, views=st.integers(1, 9))
def test_each_label_takes_the_newest_view_that_is_not_after_it(at_ms: list[int], views: int) -> None:
    labels = np.array(at_ms)
    cuts = moments(labels, views)
    view = view_of(labels, cuts)

    assert view.min() == 0, "no label is before the first view"
    assert (cuts[view] <= labels).all()
    assert all(
        not (cut > cuts[own] and cut <= label)
        for cut in cuts
        for own, label in zip(view, labels, strict=True)
    )


def test_no_batch_is_learned_from_an_edge_that_is_not_before_each_of_its_labels() -> None:
    columns = world()
    prepared = prepare(columns, SMALL, 0)
    labels = labels_of(columns, SMALL, np.random.default_rng(0))
    for step in batches(labels, columns, prepared.moments_ms):
        rows = step["targets"] >= 0
        at_ms = int(prepared.moments_ms[step["views"][0]])
        assert len(set(step["views"].tolist())) == 1
        for links in (columns.saved, columns.acted, columns.found):
            used = links.at_ms[held(links, at_ms)]
            assert used.max(initial=0) < step["at_ms"][rows].min()


def batches(labels: Labels, columns: TasteColumns, moments_ms: np.ndarray) -> list[dict[str, np.ndarray]]:
    items, contexts, _ = contexts_of(columns, NEVER_MS)
    known = KnownPairs(contexts, items, columns.items)
    chances = chances_of(labels.targets, columns.items)
    return list(arrays_of(labels, moments_ms, known, chances, 64, np.random.default_rng(1)))


def test_every_label_is_in_one_batch_and_no_true_answer_is_a_wrong_one() -> None:
    columns = world()
    labels = labels_of(columns, SMALL, np.random.default_rng(0))
    steps = batches(labels, columns, moments(labels.at_ms, 4))
    liked = set(zip(columns.saved.sources.tolist(), columns.saved.targets.tolist(), strict=True))

    assert sum(int((step["targets"] >= 0).sum()) for step in steps) == len(labels)
    for step in steps:
        against = np.concatenate([step["targets"], step["negatives"]])
        own = np.arange(len(step["targets"]))
        assert not step["is_void"][own, own].any()
        assert step["is_void"][:, against < 0].sum() >= (against < 0).sum() * (len(own) - 1)
        counts = ~step["is_void"]
        counts[own, own] = False
        same = against[None] == step["targets"][:, None]
        assert not (counts & same & (step["targets"] >= 0)[:, None]).any()
    assert len(liked) > 100


def test_every_item_that_any_draw_of_labels_names_has_a_chance() -> None:
    columns = world()
    chances = prepare(columns, SMALL, 0).chances

    for seed in range(20):
        labels = labels_of(columns, SMALL, np.random.default_rng(seed))
        assert chances.logs[labels.targets].min() > np.log(1e-6)
    assert np.exp(chances.logs[chances.named].astype(np.float64)).sum() == pytest.approx(1, abs=1e-4)


def test_labels_come_from_strictly_earlier_things_and_of_all_kinds() -> None:
    columns = world()
    labels = labels_of(columns, SMALL, np.random.default_rng(0))
    first_ms = {item: int(columns.acted.at_ms[columns.acted.targets == item].min()) for item in range(120)
                if (columns.acted.targets == item).any()}  # fmt: skip

    assert set(labels.kinds.tolist()) == {CO_SAVE, ASKED, NEXT_ACTION}
    for row in np.flatnonzero(labels.kinds == NEXT_ACTION):
        sources = labels.sources[row][labels.sources[row] >= 0]
        assert len(sources)
        assert all(first_ms[int(item)] < labels.at_ms[row] for item in sources)


def test_one_moment_for_everything_leaves_no_pair_to_learn_from() -> None:
    columns = columns_of([(item, 0, 7) for item in range(5)])

    assert not len(labels_of(columns, SMALL, np.random.default_rng(0)))
    with pytest.raises(InputError, match="no two actions that belong together"):
        prepare(columns, SMALL, 0)


def test_a_board_of_fifty_thousand_has_no_more_say_than_its_share_of_pairs() -> None:
    item = np.arange(50_000)
    rows = np.stack([item, np.zeros(50_000, np.int64), item], axis=1)
    nobody = np.zeros((0, 4), np.float32)
    columns = TasteColumns(
        np.ones((50_000, 4), np.float32), 1, 0, 0, LinkColumns.of(*rows.T), no_links(), no_links(), nobody,
        np.zeros((1, 4), np.float32),
    )  # fmt: skip

    assert len(labels_of(columns, SMALL, np.random.default_rng(0))) == SMALL.most_pairs_of_board


def test_columns_with_edges_of_unknown_nodes_or_vectors_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(InputError, match="needed are numbers from 0 to 7"):
        columns_of([(8, 0, 1)])
    whole = columns_of([(1, 0, 1)])
    with pytest.raises(InputError, match="not finite"):
        TasteColumns(whole.content * np.nan, 6, 0, 0, whole.saved, no_links(), no_links(), whole.query_words,
                     whole.board_words)  # fmt: skip


def test_edges_of_the_taste_graph_are_links() -> None:
    edges = Edges.none(EdgeKind.SAVED_TO)

    assert isinstance(edges, Links)
    assert isinstance(no_links(), Links)


@pytest.fixture(scope="module")
def exported() -> tuple:
    torch.manual_seed(1)
    columns = world(new=6)
    prepared = prepare(columns, SMALL, 0)
    model = untrained(prepared, SMALL).eval()
    return columns, prepared, model, served(model, prepared.basis)


@pytest.mark.parametrize("rows", [1, 2, 7])
def test_export_equals_torch_for_any_number_of_items(exported: tuple, rows: int) -> None:
    columns, prepared, model, encoder = exported
    view = len(prepared.moments_ms) - 1
    numbers = np.arange(rows)
    tokens = encoder.tokens(columns.content, np.arange(columns.items))

    with torch.no_grad():
        wanted = model.encoded(torch.from_numpy(numbers), torch.full((rows,), view)).numpy()
        asked = model.query(torch.from_numpy(columns.query_words[:rows])).numpy()
    near = neighbours_of(columns, int(prepared.moments_ms[view]), SMALL, seed=0)
    found = encoder.items(tokens, near)[:rows]

    np.testing.assert_allclose(found, wanted, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(encoder.queries(columns.query_words[:rows]), asked, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-4)


def test_a_new_item_has_the_vector_that_an_item_without_edges_has(exported: tuple) -> None:
    columns, _, _, encoder = exported
    tokens = encoder.tokens(columns.content, np.arange(columns.items))
    near = neighbours_of(columns, NEVER_MS, SMALL)

    of_all = encoder.items(tokens, near)

    np.testing.assert_allclose(encoder.new_items(columns.content[-3:]), of_all[-3:], rtol=1e-4, atol=1e-6)
    assert len(encoder.new_items(columns.content[:0])) == 0
    assert np.isfinite(encoder.new_items(np.zeros((1, 16), np.float32))).all()


def test_content_of_another_width_is_refused(exported: tuple) -> None:
    with pytest.raises(IncompatibleEmbeddingError, match="rows of 16 numbers"):
        exported[3].new_items(np.zeros((2, 5), np.float32))


def test_world_is_what_the_tests_take_it_for() -> None:
    columns = world()

    assert columns.queries == TASTES
    assert columns.acted.at_ms.min() == START_MS
    assert (np.diff(columns.acted.at_ms) == HOUR_MS).all()
