import argparse
import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from bowerbird.cli.main import build_parser, main


def leaves(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    actions = [a for a in parser._actions if isinstance(a, argparse._SubParsersAction)]
    if not actions:
        yield path
    for name, sub in (item for action in actions for item in action.choices.items()):
        yield from leaves(sub, (*path, name))


COMMANDS = sorted(leaves(build_parser()))


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main([*command, "--help"])

    assert stopped.value.code == 0
    assert "usage: bowerbird " + " ".join(command) in capsys.readouterr().out


def test_unknown_command_is_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["nonsense"])

    assert stopped.value.code == 2
    assert "nonsense" in capsys.readouterr().err


def test_missing_lake_fails_with_one_line_and_no_traceback(tmp_path: object) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "bowerbird.cli.main", "serve", "--lake", f"{tmp_path}/none"],
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert ran.returncode == 1
    assert ran.stderr.startswith("bowerbird: ")
    assert ran.stderr.count("\n") == 1
    assert "Traceback" not in ran.stderr


def test_help_loads_no_engine_so_that_it_answers_at_once() -> None:
    code = (
        "import sys; from bowerbird.cli.main import build_parser; build_parser(); print(sorted(sys.modules))"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    heavy = {"lance", "faiss", "onnxruntime", "fastapi", "pyvips", "torch"}
    assert not heavy & set(json.loads(loaded.replace("'", '"')))
