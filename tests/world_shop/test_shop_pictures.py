import dataclasses
import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from bowerbird.world.shop.catalogue import first_of_group, recipe_of
from bowerbird.world.shop.recipe import CHANGEABLE, Recipe
from bowerbird.world.shop.render.camera import Camera
from bowerbird.world.shop.render.mesh import grid_mesh, rotation
from bowerbird.world.shop.render.raster import rasterise
from bowerbird.world.shop.render.solids import pillow, revolve, rounded_box
from bowerbird.world.shop.room_plans import plan_of
from bowerbird.world.shop.rooms import HEIGHT_PX, WIDTH_PX, drawn_room, seen_in
from bowerbird.world.shop.studio import PICTURE_PX, item_picture

SEED, ITEMS = 7, 480


def first_where(is_wanted: Callable[[Recipe], bool]) -> Recipe:
    return next(each for each in (recipe_of(SEED, index) for index in range(5_000)) if is_wanted(each))


def changed(one: NDArray[np.uint8], other: NDArray[np.uint8], *, by: int = 12) -> NDArray[np.bool_]:
    different: NDArray[np.bool_] = (np.abs(one.astype(int) - other.astype(int)) > by).any(axis=2)
    return different


def test_the_same_recipe_gives_the_same_pixels() -> None:
    recipe = recipe_of(SEED, 11)

    assert np.array_equal(item_picture(recipe), item_picture(recipe_of(SEED, 11)))


@pytest.mark.parametrize(
    "kind", ["vase", "lamp", "rug", "cushion", "chair", "table", "print", "textile", "plant", "tableware"]
)
def test_a_picture_shows_an_item_on_a_calm_ground(kind: str) -> None:
    picture = item_picture(first_where(lambda each: each.kind == kind))

    border = np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]]).astype(int)
    middle = picture[128:384, 128:384].reshape(-1, 3).astype(int)
    assert picture.shape == (PICTURE_PX, PICTURE_PX, 3)
    assert border.std(axis=0).max() < 30
    assert middle.std(axis=0).max() > 6
    assert np.abs(np.median(border, axis=0)).min() > 110, "the ground is light"


@pytest.mark.parametrize("attribute", CHANGEABLE)
def test_a_variant_s_picture_changes_on_the_item_and_leaves_the_ground(attribute: str) -> None:
    variant = first_where(
        lambda each: each.changed == attribute and each.kind != "rug" and each.material != "glass"
    )
    first = recipe_of(SEED, first_of_group(SEED, variant.index))

    different = changed(item_picture(first), item_picture(variant))

    assert different.mean() > 0.001, "it is seen"
    assert different.mean() < 0.6
    assert not different[:24].any(), "the ground above is the same"


def test_another_colour_leaves_the_shape_where_it_was() -> None:
    recipe = first_where(
        lambda each: each.kind == "vase" and each.material == "glazed ceramic" and each.pattern == "plain"
    )

    red, blue = (item_picture(dataclasses.replace(recipe, colour=each)) for each in ("burgundy", "cobalt"))

    middle = np.s_[240:272, 246:266]
    assert red[middle][..., 0].mean() > red[middle][..., 2].mean() + 15
    assert blue[middle][..., 2].mean() > blue[middle][..., 0].mean() + 15
    assert changed(red, blue)[:40].sum() == 0


def test_items_are_drawn_larger_the_larger_they_are() -> None:
    recipe = first_where(lambda each: each.kind == "vase" and each.material == "glazed ceramic")

    shares = []
    for size in ("small", "medium", "large"):
        picture = item_picture(dataclasses.replace(recipe, size=size, colour="black", pattern="plain"))
        shares.append((picture.max(axis=2) < 90).mean())

    assert shares[0] < shares[1] < shares[2]


def test_boxes_of_a_room_hold_what_they_say() -> None:
    plan = plan_of(SEED, 3, ITEMS)
    whole = drawn_room(plan)

    seen = seen_in(whole, plan)
    numbers = {recipe.item_id: number for number, recipe in enumerate(plan.recipes)}
    tried = [each for each in seen if each.share > 0.004][:2]
    assert len(tried) == 2
    for each in tried:
        left, top, right, bottom = each.box
        rows, columns = (
            slice(int(top * HEIGHT_PX), math.ceil(bottom * HEIGHT_PX)),
            slice(int(left * WIDTH_PX), math.ceil(right * WIDTH_PX)),
        )
        bare = drawn_room(plan, without=numbers[each.item_id])
        owned = (whole.owners == numbers[each.item_id])[::2, ::2]

        assert owned[rows, columns].sum() == owned.sum(), "nothing of it is outside"
        assert owned[rows, columns].any(axis=1).mean() > 0.9, "the box is not taller than it"
        assert not (bare.owners == numbers[each.item_id]).any()
        assert changed(whole.pixels, bare.pixels, by=4)[owned].mean() > 0.75, "without it, its pixels change"


def test_a_wall_of_patches_leaves_no_pixel_out() -> None:
    for turn in (0, 17, 45, 71):
        side = np.linspace(-1, 1, 4)
        x, y = np.meshgrid(side, side, indexing="ij")
        sheet = grid_mesh(np.stack([x, y, 0 * x], axis=2), np.stack([x, y], axis=2)).turned(
            rotation(about_z=turn)
        )
        corners = Camera((0, 0, 10), (0, 0, 0), 20, 200, 200).projected(sheet.corners)

        seen = rasterise(corners, 200, 200)

        picture = np.zeros(200 * 200, bool)
        picture[seen.pixels] = True
        assert picture.reshape(200, 200)[70:130, 70:130].all()


def test_the_nearer_patch_hides_the_farther_one_whatever_their_order() -> None:
    side = np.linspace(-1, 1, 3)
    x, y = np.meshgrid(side, side, indexing="ij")
    sheets = [
        grid_mesh(np.stack([x, y, 0 * x + z], axis=2), np.stack([x, y], axis=2)).corners for z in (0.0, 1.0)
    ]
    camera = Camera((0, 0, 10), (0, 0, 0), 20, 64, 64)

    for order in ([0, 1], [1, 0]):
        seen = rasterise(camera.projected(np.concatenate([sheets[at] for at in order])), 64, 64)
        middle = seen.patches[seen.pixels == 32 * 64 + 32]
        assert order[int(middle[0]) // 4] == 1


def test_solids_have_normals_of_length_one_that_point_outwards() -> None:
    solids = [
        rounded_box(0.4, 0.2, 0.3, edge=0.03).moved(0, -0.1),
        rounded_box(0.4, 0.2, 0.3, edge=0.03, puff=0.02).moved(0, -0.1),
        revolve(np.array([[0.001, -0.2], [0.2, -0.1], [0.2, 0.1], [0.001, 0.2]], np.float32)),
        pillow(0.4, 0.4, 0.15),
    ]

    for number, solid in enumerate(solids):
        lengths = np.linalg.norm(solid.normals, axis=-1)
        outwards = (solid.normals * solid.corners).sum(axis=-1)
        assert np.allclose(lengths, 1, atol=1e-3), number
        assert (outwards > -0.02).mean() > 0.97, number
