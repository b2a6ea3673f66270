import sys

from shell import ROOT

sys.path.insert(0, str(ROOT / "scripts"))
from commands_page import PAGE, page


def test_commands_page_says_what_the_parser_says() -> None:
    assert PAGE.read_text() == page(), "run: python scripts/commands_page.py"
