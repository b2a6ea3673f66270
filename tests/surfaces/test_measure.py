import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "learn"))
from learn_world import ring

from bowerbird.cli.main import main
from bowerbird.learn.splits import split
from bowerbird.learn.types import FitPlan
from bowerbird.retrieve.counting import COUNTING_KINDS, TunedRetriever
from bowerbird.retrieve.merged import MergedRetriever
from bowerbird.surfaces.measure import CompareConfig, compare
from bowerbird.surfaces.measure.plots import Bar, Dot, bars, scatter

CONFIG = CompareConfig(latency_requests=5, resamples=200)


def write_ring(folder: Path) -> Path:
    rows = ring(persons=60, items=25, length=7)
    whole = rows.histories()
    lines = [
        " ".join([str(person), *(rows.catalogue.ids[item] for item in whole.rows(person, person + 1).items)])
        for person in range(rows.person_count)
    ]
    folder.mkdir()
    (folder / "sequences.txt").write_text("\n".join(lines))
    return folder


def test_compare_says_which_model_is_better_and_that_it_is_not_chance(tmp_path: Path) -> None:
    retrievers = [TunedRetriever(COUNTING_KINDS[name]) for name in ("popularity", "transitions")]

    found = compare(retrievers, split(ring(persons=100, items=40, length=7)), CONFIG, tmp_path)

    better = found.differences["transitions", "popularity"]["recall@5"]
    assert better.mean > 0.5
    assert better.interval is not None
    assert better.interval.excludes_zero


def test_runs_that_were_finished_are_not_fitted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = split(ring(persons=30, items=20, length=6))
    first = compare([TunedRetriever(COUNTING_KINDS["transitions"])], found, CONFIG, tmp_path)

    def refuse(self: TunedRetriever, training: object, validation: object, plan: FitPlan) -> None:
        raise AssertionError("fitted again")

    monkeypatch.setattr(TunedRetriever, "fit", refuse)
    again = compare([TunedRetriever(COUNTING_KINDS["transitions"])], found, CONFIG, tmp_path)

    assert again.summaries == first.summaries
    with pytest.raises(AssertionError, match="fitted again"):
        compare([TunedRetriever(COUNTING_KINDS["popularity"])], found, CONFIG, tmp_path)


def test_merged_model_takes_its_parts_from_runs_of_the_same_folder(tmp_path: Path) -> None:
    found = split(ring(persons=40, items=20, length=6))
    parts = [TunedRetriever(COUNTING_KINDS[name]) for name in ("popularity", "transitions")]
    told: list[str] = []

    compare([*parts, MergedRetriever("merged", parts)], found, CONFIG, tmp_path, told.append)

    for name in ("popularity", "transitions"):
        assert f"{name} seed 0: taken from an earlier run" in told
        assert sum(sentence.startswith(f"{name}: setting 1 of") for sentence in told) == 1


def test_page_tells_what_each_source_of_a_merged_model_was_good_for(tmp_path: Path) -> None:
    data, out = write_ring(tmp_path / "ring"), tmp_path / "report"
    words = ["measure", "compare", "--data", str(data), "--content", "none", "--trials", "2"]

    for models, is_told in (("transitions", False), ("transitions,merged-counting", True)):
        assert main([*words, "--models", models, "--out", str(out)]) == 0
        page = (out / "report.html").read_text()
        assert ("merged-counting, seed 0: item-knn" in page) is is_told

    report = json.loads((out / "report.json").read_text())
    facts = report["models"]["merged-counting"]["runs"][0]["facts"]
    assert f"{facts['sources']['transitions']['share_of_hits']:.1%}" in page
    assert facts["left_out"] == ["content"]


def test_run_that_was_cut_short_is_done_again(tmp_path: Path) -> None:
    found = split(ring(persons=30, items=20, length=6))
    retrievers = [TunedRetriever(COUNTING_KINDS["popularity"])]
    whole = compare(retrievers, found, CONFIG, tmp_path)
    (held,) = tmp_path.glob("runs/*/evaluation.npz")
    held.write_bytes(held.read_bytes()[:100])

    assert compare(retrievers, found, CONFIG, tmp_path).summaries == whole.summaries


def test_command_writes_a_report_that_names_split_and_settings(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_ring(tmp_path / "ring")

    code = main(
        ["measure", "compare", "--data", str(data), "--models", "popularity,transitions", "--trials", "2",
         "--out", str(tmp_path / "out"), "--json"]
    )  # fmt: skip

    assert code == 0
    report = json.loads(capsys.readouterr().out)
    assert report == json.loads((tmp_path / "out" / "report.json").read_text())
    assert len(report["split"]["sha256"]) == 64
    assert report["models"]["transitions"]["metrics"]["recall@5"]["mean"] > 0.9
    page = (tmp_path / "out" / "report.html").read_text()
    assert report["split"]["sha256"] in page
    assert page.count("<svg") >= 4
    assert "http://" not in page
    assert "https://" not in page


def test_table_of_command_shows_every_model_whole(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_ring(tmp_path / "ring")

    main(["measure", "compare", "--data", str(data), "--trials", "2", "--models", "popularity,transitions",
          "--out", str(tmp_path / "out")])  # fmt: skip

    told = capsys.readouterr().out
    assert "popularity" in told
    assert "transitions" in told
    assert "…" not in told


@pytest.mark.parametrize("words", [["--models", "nobody"], ["--seeds", "0"], ["--split", "time"]])
def test_wrong_words_are_one_line(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_ring(tmp_path / "ring")

    code = main(
        [
            "measure",
            "compare",
            "--data",
            str(data),
            "--models",
            "popularity",
            "--out",
            str(tmp_path / "out"),
            *words,
        ]
    )

    told = capsys.readouterr().err
    assert code == 1
    assert told.startswith("bowerbird: ")
    assert told.count("\n") == 1


def test_plots_draw_zero_and_single_values() -> None:
    assert "<svg" in bars([Bar("a", 0.0)])
    assert "&lt;b&gt;" in bars([Bar("<b>", 1.0, 0.9, 1.1)])
    assert scatter([Dot("a", 0.0, 0.0)], x_name="x", y_name="y").endswith("</svg>")
