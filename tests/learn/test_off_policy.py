"""Off-policy estimates against a known truth, and interleaving against what a coin would say."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.cli.main import main
from bowerbird.core.errors import InputError
from bowerbird.learn.off_policy import Logged, compared, estimated, interleave

ARMS, CONTEXTS = 6, 20


class Bandit:
    """Contexts with known chances of a reward for each arm, and two stochastic policies."""

    def __init__(self, seed: int, apart: float = 1.0) -> None:
        rng = np.random.default_rng(seed)
        self.chances = rng.beta(1.5, 6, (CONTEXTS, ARMS))
        self.serving, self.asked = (_softmax(apart * rng.normal(size=(CONTEXTS, ARMS))) for _ in range(2))

    @property
    def truth(self) -> float:
        return float((self.asked * self.chances).sum(axis=1).mean())

    def log(self, rows: int, seed: int, model_error: float = 0.3) -> Logged:
        rng = np.random.default_rng(seed)
        context = rng.integers(CONTEXTS, size=rows)
        arm = (rng.random((rows, 1)) < self.serving[context].cumsum(axis=1)).argmax(axis=1)
        model = np.clip(self.chances + model_error * rng.normal(size=self.chances.shape) * self.chances, 0, 1)
        return Logged(
            (rng.random(rows) < self.chances[context, arm]).astype(float),
            self.serving[context, arm],
            self.asked[context, arm],
            model=model[context, arm],
            model_of_policy=(self.asked * model).sum(axis=1)[context],
        )


def _softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits)
    return raised / raised.sum(axis=1, keepdims=True)


def test_intervals_hold_the_truth_as_often_as_they_say_and_dr_is_the_surest() -> None:
    bandit = Bandit(0)
    held: dict[str, list[bool]] = {name: [] for name in ("ips", "snips", "dr")}
    width: dict[str, list[float]] = {name: [] for name in held}
    for seed in range(250):
        found = estimated(bandit.log(1_500, seed)).estimates
        for name in held:
            held[name].append(found[name].low <= bandit.truth <= found[name].high)
            width[name].append(found[name].high - found[name].low)
    for name, each in held.items():
        assert 0.90 <= np.mean(each) <= 0.985, name
    assert np.mean(width["dr"]) < np.mean(width["snips"]) < 1.02 * np.mean(width["ips"])


@given(st.integers(0, 1_000))
def test_same_policy_earns_what_was_earned(seed: int) -> None:
    log = Bandit(1).log(300, seed)
    same = Logged(log.rewards, log.propensities, log.propensities)
    report = estimated(same)
    for name in ("ips", "snips", "ips clipped"):
        assert report.estimates[name].value == pytest.approx(report.estimates["logged"].value)
    assert report.effective == pytest.approx(300)
    assert not report.warnings


@given(st.integers(0, 200), st.integers(2, 6))
def test_rows_told_many_times_by_one_owner_say_no_more(seed: int, times: int) -> None:
    log = Bandit(2).log(200, seed)
    rows = np.repeat(np.arange(200), times)
    many = estimated(
        Logged(log.rewards[rows], log.propensities[rows], log.policy[rows], owners=rows)
    ).estimates
    once = estimated(Logged(log.rewards, log.propensities, log.policy, owners=np.arange(200))).estimates
    for name in ("ips", "snips"):
        assert many[name].value == pytest.approx(once[name].value)
        assert many[name].high - many[name].low == pytest.approx(once[name].high - once[name].low)


def test_missing_support_and_wrong_chances_are_told() -> None:
    bandit = Bandit(3, apart=0.3)
    log = bandit.log(4_000, 0)
    never = log.policy > np.quantile(log.policy, 0.6)  # the serving policy never showed these
    gone = Logged(log.rewards[~never], log.propensities[~never], log.policy[~never])
    assert any("should be 1" in each for each in estimated(gone).warnings)
    halved = Logged(log.rewards, log.propensities / 2, log.policy)
    assert any("should be 1" in each for each in estimated(halved).warnings)
    far = Logged(np.ones(60), np.r_[np.full(59, 0.9), 1e-4], np.full(60, 0.5))
    told = estimated(far)
    assert any("worth" in each for each in told.warnings)
    assert told.clipped_share > 0
    assert told.estimates["ips clipped"].value < told.estimates["ips"].value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"propensities": np.array([0.5, 0.0])}, "1 of 2 propensities"),
        ({"propensities": np.array([0.5, 1.5])}, "not in"),
        ({"policy": np.array([-0.1, 0.2])}, "below 0"),
        ({"rewards": np.array([1.0, np.nan])}, "not finite"),
        ({"policy": np.array([0.1])}, "needed is one for each"),
        ({"model": np.array([0.1, 0.2])}, "one alone"),
    ],
)
def test_bad_logs_are_refused(change: dict[str, np.ndarray], says: str) -> None:
    good = {"rewards": np.ones(2), "propensities": np.full(2, 0.5), "policy": np.full(2, 0.5)}
    with pytest.raises(InputError, match=says):
        Logged(**(good | change))
    with pytest.raises(InputError, match="no row"):
        Logged(np.zeros(0), np.zeros(0), np.zeros(0))


orders = st.lists(st.integers(0, 40), unique=True, max_size=25).map(
    lambda items: np.array(items, dtype=np.int64)
)


@given(orders, orders, st.integers(0, 30), st.integers(0, 100))
def test_page_holds_the_best_of_both_each_once_and_fairly(
    first: np.ndarray, second: np.ndarray, limit: int, seed: int
) -> None:
    page = interleave(first, second, limit, seed)

    assert len(page.items) == min(limit, len(np.union1d(first, second)))
    assert len(np.unique(page.items)) == len(page.items)
    for team, order in enumerate((first, second)):
        mine = page.items[page.teams == team]
        assert np.isin(mine, order).all()
        # In its own order, and nothing better of it is left out.
        place = [order.tolist().index(item) for item in mine.tolist()]
        assert place == sorted(place)
        if place:
            assert np.isin(order[: max(place)], page.items).all()
    if min(len(first), len(second)) >= limit and not len(np.intersect1d(first, second)):
        assert abs(int((page.teams == 0).sum()) - int((page.teams == 1).sum())) <= 1


def test_better_order_wins_and_equal_ones_tie_as_a_coin_does() -> None:
    rng = np.random.default_rng(0)
    worth = rng.random(40)
    good, bad, alike = np.argsort(-worth), rng.permutation(40), np.argsort(-worth)
    for other, wins in ((bad, False), (alike, None)):
        pages, teams, gains = [], [], []
        for page in range(400):
            shown = interleave(good, other, 10, page)
            pages.append(np.full(len(shown.items), page))
            teams.append(shown.teams)
            gains.append((rng.random(len(shown.items)) < 0.3 * worth[shown.items]).astype(float))
        told = compared(np.concatenate(pages), np.concatenate(teams), np.concatenate(gains))
        assert told.first + told.second + told.ties == 400
        assert told.low <= told.share <= told.high
        if wins is False:
            assert told.high < 0.5
            assert told.p_value < 0.001
        else:
            assert told.low < 0.5 < told.high
    assert compared(np.zeros(0, int), np.zeros(0, int), np.zeros(0)).p_value == 1.0


def test_command_reads_a_file_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "shown.csv"
    log = Bandit(4).log(400, 0)
    rows = zip(log.rewards.tolist(), log.propensities.tolist(), log.policy.tolist(), strict=True)
    file.write_text(
        "reward,propensity,policy,owner\n"
        + "".join(f"{r},{p},{q},o{n % 50}\n" for n, (r, p, q) in enumerate(rows))
    )
    assert main(["learn", "off-policy", str(file), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    owners = np.arange(400) % 50
    wanted = estimated(Logged(log.rewards, log.propensities, log.policy, owners=owners))
    assert told["estimates"]["snips"]["value"] == pytest.approx(wanted.estimates["snips"].value)
    assert told["estimates"]["snips"]["low"] == pytest.approx(wanted.estimates["snips"].low)

    file.write_text("reward,propensity\n1,0.5\n")
    assert main(["learn", "off-policy", str(file)]) != 0
    assert "'policy'" in capsys.readouterr().err
