"""Every reject code that the code can give is explained in the documents."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_every_reject_code_is_explained() -> None:
    sources = [
        *(ROOT / "src/bowerbird/lake").glob("*.py"),
        *(ROOT / "src/bowerbird/lake/importing").glob("*.py"),
        *(ROOT / "src/bowerbird/lake/video").glob("*.py"),
    ]
    text = "\n".join(path.read_text() for path in sources)
    codes = set(re.findall(r'(?:code=|_refused\(\s*)"([a-z][a-z-]+)"', text)) | {
        "vector-picture",
        "video",
        "heif",
        "too-many-cells",
    }

    explained = set(re.findall(r"`([a-z-]+)`", (ROOT / "docs/lake-import.md").read_text()))

    assert len(codes) > 25
    assert codes - explained == set()
