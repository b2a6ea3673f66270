"""What lies beside a video says what is said in it, and when."""

import json
from pathlib import Path

import pytest
from drawn_video import shape, video
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.lake.importing.job import ImportOptions, import_source
from bowerbird.lake.items import item, written
from bowerbird.lake.lake import Lake
from bowerbird.lake.video.stored import spoken_media, transcripts_of
from bowerbird.lake.video.transcripts import Cue, Transcript, cue_of, language_of_name, read_transcript

SRT = """1
00:00:01,000 --> 00:00:03,500
<i>Knead</i> the dough
for ten minutes.

2
00:01:02,250 --> 00:01:04,000
{\\an8}Let it rest.
"""
VTT = """WEBVTT - a film

STYLE
::cue { color: red }

NOTE nobody says this

intro
00:01.000 --> 00:03.500 align:start
- Knead the dough &amp; wait

1:00:00.000 --> 1:00:01.000
<v Ann>The end</v>
"""
WHISPER = json.dumps(
    {"language": "en", "segments": [{"id": 0, "start": 1.5, "end": 2, "text": " Knead the dough"}]}
)


@pytest.mark.parametrize(
    ("text", "cues"),
    [
        (SRT, [(1_000, 3_500, "Knead the dough for ten minutes."), (62_250, 64_000, "Let it rest.")]),
        (SRT.replace("\n", "\r\n")[:90], [(1_000, 3_500, "Knead the dough for ten minutes.")]),
        (VTT, [(1_000, 3_500, "- Knead the dough & wait"), (3_600_000, 3_601_000, "The end")]),
        (WHISPER, [(1_500, 2_000, "Knead the dough")]),
        ("First line\n\nand another", [(0, 0, "First line"), (0, 0, "and another")]),
    ],
)  # fmt: skip
def test_every_form_is_read(text: str, cues: list[tuple[int, int, str]]) -> None:
    transcript = read_transcript(text, "EN_gb")

    assert transcript == Transcript(tuple(Cue(*cue) for cue in cues), "en-gb")
    assert Transcript.of_json(transcript.as_json(), "en-gb") == transcript


@pytest.mark.parametrize(
    "text", ["", "\n\n", "WEBVTT\n", '{"segments": [{"start": "x"}]}', "[[[[", '{"a": 1}']
)
def test_text_that_says_nothing_is_none(text: str) -> None:
    assert read_transcript(text) is None


@given(st.text() | st.text("0123456789:,.-> \n", max_size=200).map(lambda text: f"-->{text}"))
def test_no_text_raises(text: str) -> None:
    transcript = read_transcript(text)

    if transcript is not None:
        assert all(cue.text == " ".join(cue.text.split()) for cue in transcript.cues)
        assert len(transcript.words) <= 20_000


def test_moment_is_the_first_cue_with_most_of_the_words() -> None:
    transcript = Transcript(
        (Cue(0, 1, "We knead"), Cue(5, 6, "We kneaded the dough"), Cue(9, 10, "Knead dough"))
    )

    assert cue_of(transcript, ("kneading", "dough")) == Cue(5, 6, "We kneaded the dough")
    assert cue_of(transcript, ("bicycle",)) is None


@pytest.mark.parametrize(
    ("name", "language"),
    [("film.en", "en"), ("film.pt-BR", "pt-br"), ("film", ""), ("a.b.longword12345", ""), ("v1.2", "")],
)
def test_language_is_told_by_the_name(name: str, language: str) -> None:
    assert language_of_name(name) == language


def test_words_of_a_video_are_searched_and_stay_apart_from_what_it_is(tmp_path: Path) -> None:
    pytest.importorskip("av")
    content = video([(shape("red"), 0.5)])
    folder = tmp_path / "in"
    folder.mkdir()
    for name in ("bread", "walk", "cake"):
        (folder / f"{name}.mp4").write_bytes(content + name.encode())
    (folder / "bread.en.vtt").write_text(VTT)
    (folder / "bread.de.vtt").write_text(VTT.replace("Knead", "Knete"))
    (folder / "walk.json").write_text(WHISPER)
    (folder / "cake.json").write_text(json.dumps({"title": "A cake"}))
    (folder / "cake.txt").write_text("Sponge\nwith cream")

    with Lake.open(tmp_path / "lake", create=True) as lake:
        report = import_source(lake, folder, ImportOptions(workers=1))
        words = {row["title"]: row["words"] for row in lake.items.read(["title", "words"]).to_pylist()}
        said = transcripts_of(lake, sorted(spoken_media(lake)))
        again = import_source(lake, folder, ImportOptions(workers=1))
        (folder / "bread.en.vtt").write_text(VTT.replace("dough", "batter"))
        changed = import_source(lake, folder, ImportOptions(workers=1))
        numbers = lake.items.search_words("batter", 5)["number"].to_pylist()
        found = lake.items.read(["id", "number"]).to_pylist()
        bread = item(lake, next(row["id"] for row in found if row["id"].startswith("bread")))

    assert (report.accepted, report.rejected, again.unchanged, changed.accepted) == (3, 0, 3, 1)
    assert "Knead the dough" in words["Bread"]
    assert written(words["Bread"]) == "Bread"
    assert "Knead the dough" in words["Walk"]
    assert words["A cake"] == "A cake\nwith cream"
    assert {each.language for each in said.values()} == {"en", ""}
    assert numbers == [row["number"] for row in found if row["id"] == bread.fields.id]


def test_rows_of_a_table_name_videos_and_what_is_said_in_them(tmp_path: Path) -> None:
    pytest.importorskip("av")
    (tmp_path / "a.mp4").write_bytes(video([(shape("red"), 0.5)]))
    (tmp_path / "a.srt").write_text(SRT)
    (tmp_path / "items.csv").write_text(
        "id,title,video_link,subtitles\na,Bread,a.mp4,a.srt\nb,Roll,https://example.org/watch?v=1,\n"
    )

    with Lake.open(tmp_path / "lake", create=True) as lake:
        report = import_source(lake, tmp_path / "items.csv", ImportOptions(workers=1))
        media = lake.media.read(["kind"]).to_pylist()
        said = list(transcripts_of(lake, sorted(spoken_media(lake))).values())

    assert (report.accepted, report.by_code) == (1, {"no-picture": 1})
    assert media == [{"kind": "video"}]
    assert said[0].cues[1].from_ms == 62_250
