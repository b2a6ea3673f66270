import argparse
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image, ImageDraw
from pytest_examples import CodeExample, EvalExample, find_examples

from bowerbird.cli.main import build_parser

sys.path.insert(0, str(Path(__file__).parent))
from shell import NOT_RUN, ROOT, Reader, blocks

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
WITH_COMMANDS = [document for document in DOCUMENTS if any(blocks(document))]
COLOURS = ["red", "green", "blue", "gold", "purple", "teal", "orange", "pink", "navy", "olive"]


@pytest.mark.parametrize("example", list(find_examples(*map(str, DOCUMENTS))), ids=str)
def test_python_block_prints_what_it_says(example: CodeExample, eval_example: EvalExample) -> None:
    if example.prefix.strip().startswith("python"):
        eval_example.run_print_check(example)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("document", WITH_COMMANDS, ids=lambda document: document.name)
def test_commands_of_document_run_as_written(document: Path, tmp_path: Path) -> None:
    draw_pictures(tmp_path / "Pictures")
    reader = Reader(tmp_path)

    for commands in blocks(document):
        reader.run(commands)


def test_every_command_is_named_in_a_document() -> None:
    text = "\n".join(document.read_text() for document in DOCUMENTS)

    missing = [" ".join(path) for path in leaves(build_parser()) if f"bowerbird {' '.join(path)}" not in text]

    assert not missing


def test_commands_that_are_not_run_are_still_in_the_makefile() -> None:
    targets = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)

    assert {command.split()[1] for command in NOT_RUN} <= set(targets)


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in re.findall(r"\]\(([^)#]+)", document.read_text())
        if not target.startswith(("http://", "https://")) and not (document.parent / target).exists()
    ]

    assert not broken


def test_readme_is_short_enough_to_be_read() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 150


def test_package_table_of_readme_names_every_stage() -> None:
    stages = {path.parent.name for path in (ROOT / "src" / "bowerbird").glob("*/__init__.py")}
    rows = re.findall(r"^\| \[?`(\w+)`", (ROOT / "README.md").read_text(), flags=re.MULTILINE)

    assert set(rows) == stages


def draw_pictures(folder: Path) -> None:
    folder.mkdir()
    for number, colour in enumerate(COLOURS):
        picture = Image.new("RGB", (320, 240 + 20 * number), "white")
        ImageDraw.Draw(picture).ellipse((60, 40, 260, 200), fill=colour)
        picture.save(folder / f"{colour} ball.jpg")


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    actions = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    if not actions:
        yield path
    for name, sub in (item for action in actions for item in action.choices.items()):
        yield from leaves(sub, (*path, name))
