"""Files that a stranger might send: made here, byte by byte, so that nobody has to keep them."""

import warnings

from hostile.animations import animations
from hostile.bombs import bombs
from hostile.boxes import boxes
from hostile.cut import cut_off
from hostile.damaged import damaged
from hostile.directories import directories
from hostile.kinds import other_kinds, polyglots
from hostile.making import GOOD_FORMATS, noise, saved
from hostile.metadata import metadata
from hostile.mutated import mutated
from hostile.odd import odd_but_good
from hostile.profiles import profiles

FAMILIES = {
    "odd": odd_but_good, "cut": cut_off, "damaged": damaged, "bombs": bombs, "profiles": profiles,
    "metadata": metadata, "animations": animations, "directories": directories, "boxes": boxes,
    "kinds": other_kinds, "polyglots": polyglots, "mutated": mutated,
}  # fmt: skip

__all__ = ["FAMILIES", "GOOD_FORMATS", "hostile_files", "noise", "odd_but_good", "saved"]


def hostile_files() -> dict[str, bytes]:
    """Family and name → content; names often lie."""
    files: dict[str, bytes] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's writers look at what they are given
        for family, make in FAMILIES.items():
            for name, content in make():
                path = f"{family}/{name}"
                assert path not in files, path
                files[path] = content
    return files
