"""What a machine finds on its disk after a power cut: what was synced, and of the rest anything or nothing.

`power_loss.c` copies at each fsync what that put on the disk. From these copies and from what is there we
build the folder as it may look after the cut: a name is there if its folder was synced since it was made, a
content as it was when the file was synced last. What came later may have reached the disk, wholly or in part.
"""

import random
import shutil
import subprocess
from pathlib import Path

_HERE = Path(__file__).parent
_BLOCK = 4_096


def build_shim(folder: Path) -> Path | None:
    """The library that notes syncs; None where there is no compiler or the system is another."""
    compiler = shutil.which("gcc") or shutil.which("cc")
    if compiler is None or not Path("/proc/self/fd").is_dir():
        return None
    library = folder / "power_loss.so"
    words = [compiler, "-O1", "-shared", "-fPIC", "-o", str(library), str(_HERE / "power_loss.c"), "-ldl"]
    return None if subprocess.run(words, capture_output=True, check=False).returncode else library


def after_power_loss(source: Path, shadow: Path, target: Path, rng: random.Random, *, luck: float) -> None:
    """Writes to `target` what may be on the disk of `source`.

    Args:
        luck: how likely it is that something that was not synced got there all the same; at 0 nothing did.
    """
    target.mkdir(parents=True)
    _rebuild_folder(source, _keys_in(source.parent)[source.name], shadow, target, rng, luck)


def _rebuild_folder(
    source: Path, key: str, shadow: Path, target: Path, rng: random.Random, luck: float
) -> None:
    synced, now = _synced_names(shadow, key), _keys_in(source)
    by_key = {key: source / name for name, key in now.items()}  # also under a new name
    for name in sorted(synced.keys() | now.keys()):
        chosen = now.get(name) if rng.random() < luck else synced.get(name)
        if chosen is None:  # its making did not reach the disk, or its removal did
            continue
        current = by_key.get(chosen)
        if current is not None and current.is_dir():
            (target / name).mkdir()
            _rebuild_folder(current, chosen, shadow, target / name, rng, luck)
        else:
            (target / name).write_bytes(_content(shadow / f"file-{chosen}", current, rng, luck))


def _content(synced: Path, current: Path | None, rng: random.Random, luck: float) -> bytes:
    """A file as it was synced, or with some of what came later."""
    kept = synced.read_bytes() if synced.is_file() else b""
    if current is None or rng.random() >= luck:
        return kept
    later = current.read_bytes()
    if later == kept:
        return kept
    choice = rng.randrange(4)
    if choice == 0:
        return later
    if choice == 1:  # the length got there, the last blocks did not
        cut = rng.randrange(len(kept), len(later) + 1) if len(later) >= len(kept) else len(later)
        return later[:cut] + bytes(len(later) - cut)
    if choice == 2 and len(later) >= len(kept):
        return later[: rng.randrange(len(kept), len(later) + 1)]
    mixed = bytearray(later)
    for start in range(0, len(mixed), _BLOCK):  # some blocks are the old ones
        if rng.random() < 0.5:
            old = kept[start : start + _BLOCK]
            size = min(_BLOCK, len(mixed) - start)
            mixed[start : start + size] = (old + bytes(_BLOCK))[:size]
    return bytes(mixed)


def _synced_names(shadow: Path, key: str) -> dict[str, str]:
    listed = shadow / f"folder-{key}"
    if not listed.is_file():
        return {}
    lines = listed.read_text().splitlines()
    return {name: key for key, _, name in (line.partition(" ") for line in lines)}


def _keys_in(folder: Path) -> dict[str, str]:
    """What tells a file from a later one with its name, or with its inode, for each name in a folder."""
    names = [path.name for path in folder.iterdir()]
    if not names:
        return {}
    asked = ["stat", "-c", "%i-%.9W", "--", *names]
    told = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True).stdout.split()
    return dict(zip(names, told, strict=True))
