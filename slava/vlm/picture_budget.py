"""How a processor takes a picture in: at which size, for how many tokens, and how to spend fewer.

Families trade resolution for tokens by different knobs. Each is a ladder of settings from the
finest to the coarsest; the first rung that the processor itself counts as affordable is taken.
It knows processors by the attributes they have, never by the name of a model, and no torch.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.vlm.backbone import Seen


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to take a picture in: the image processor's settings, and a size to shrink to."""

    images_kwargs: Mapping[str, Any] = field(default_factory=dict)
    longest_side_px: int | None = None


def as_picture(pixels: NDArray[np.uint8], processor: Any, rung: Rung) -> Any:
    """Make an RGB ``PIL.Image`` of (height, width) pixels as ``rung`` wants it.

    A processor that would cut the margins off (a centre crop) is given a square with grey
    borders instead, so that no part of the micrograph is hidden from the model.
    """
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(pixels)).convert("RGB")
    if rung.longest_side_px and max(picture.size) > rung.longest_side_px:
        picture.thumbnail((rung.longest_side_px,) * 2, Image.Resampling.LANCZOS)
    if (
        getattr(processor.image_processor, "do_center_crop", None)
        and picture.width != picture.height
    ):
        side = max(picture.size)
        square = Image.new("RGB", (side, side), (int(pixels.mean()),) * 3)
        square.paste(picture, ((side - picture.width) // 2, (side - picture.height) // 2))
        picture = square
    return picture


def ladder(image_processor: Any, budget: int) -> Iterator[Rung]:
    """Settings from fine to coarse by which this family spends fewer tokens on a picture.

    ``budget`` is in tokens; families whose cost is proportional to the area aim at it at once.
    """
    size = getattr(image_processor, "size", None) or {}
    if getattr(image_processor, "merge_size", None) and getattr(
        image_processor, "patch_size", None
    ):
        yield from _by_area(image_processor, budget)
    elif getattr(image_processor, "do_image_splitting", None) is not None:
        yield from _by_tiles_of_a_side(image_processor, size)
    elif getattr(image_processor, "max_patches", None):
        for tiles in range(int(image_processor.max_patches), 0, -1):
            yield Rung({"max_patches": tiles, "min_patches": 1})
        yield Rung({"crop_to_patches": False})
    elif pinpoints := getattr(image_processor, "image_grid_pinpoints", None):
        for side in sorted({max(pinpoint) for pinpoint in pinpoints}, reverse=True):
            yield Rung(longest_side_px=side)
    elif _follows_the_picture(size):
        for step in range(1, 16):
            yield Rung(longest_side_px=max(int(size["longest_edge"] * 0.8**step), 32))


def _by_area(image_processor: Any, budget: int) -> Iterator[Rung]:
    """Qwen-VL and its kin: a token is a square of patches, and sizes are areas in pixels."""
    token_px = (int(image_processor.patch_size) * int(image_processor.merge_size)) ** 2
    for tokens in (budget, budget * 9 // 10, budget * 3 // 4, budget // 2):
        if tokens > 0:
            size = {"shortest_edge": min(4, tokens) * token_px, "longest_edge": tokens * token_px}
            yield Rung({"size": size})


def _by_tiles_of_a_side(image_processor: Any, size: Any) -> Iterator[Rung]:
    """Idefics3 and SmolVLM: so many tiles along the longest side, then the whole alone."""
    tile = int(image_processor.max_image_size["longest_edge"])
    for count in range(int(size["longest_edge"]) // tile, 1, -1):
        yield Rung({"size": {"longest_edge": count * tile}, "do_image_splitting": True})
    yield Rung({"size": {"longest_edge": tile}, "do_image_splitting": False})


def _follows_the_picture(size: Any) -> bool:
    """Pixtral and its kin: the size is an upper bound, smaller pictures stay as they are."""
    return bool(dict(size).get("longest_edge"))


def seen_size(features: Mapping[str, Any], image_processor: Any) -> tuple[int, int]:
    """Width and height in pixels at which one processed picture reached the model.

    ``features`` is what the image processor returned for that one picture.
    """
    if "image_grid_thw" in features:
        _, rows, columns = (int(n) for n in np.asarray(features["image_grid_thw"])[0])
        patch = int(image_processor.patch_size)
        return columns * patch, rows * patch
    values = np.asarray(features["pixel_values"])
    height, width = values.shape[-2:]
    if "rows" in features:
        rows, columns = int(np.ravel(features["rows"])[0]), int(np.ravel(features["cols"])[0])
        return width * max(columns, 1), height * max(rows, 1)
    if "image_sizes" in features:
        return _declared_size(features, image_processor)
    tiles = int(np.prod(values.shape[:-3])) - 1
    columns, rows = _grid(tiles) if tiles > 0 else (1, 1)
    return width * columns, height * rows


def _declared_size(features: Mapping[str, Any], image_processor: Any) -> tuple[int, int]:
    height, width = (int(n) for n in np.asarray(features["image_sizes"])[0])
    pinpoints = getattr(image_processor, "image_grid_pinpoints", None)
    if not pinpoints:
        return width, height
    from transformers.image_processing_utils import select_best_resolution

    tall, wide = select_best_resolution((height, width), pinpoints)
    scale = min(tall / height, wide / width)
    return max(round(width * scale), 1), max(round(height * scale), 1)


def _grid(tiles: int) -> tuple[int, int]:
    """The squarest (columns, rows) of a number of tiles, wider rather than taller."""
    rows = max(r for r in range(1, int(tiles**0.5) + 1) if tiles % r == 0)
    return tiles // rows, rows


def seen(pixels: NDArray[np.uint8], processor: Any, budget: int | None) -> tuple[Rung, Seen]:
    """Take one picture of (height, width) pixels in, by running the processor.

    Returns the rung that was taken, and what it comes to. A budget that no rung meets gives the
    coarsest rung.
    """
    rung = Rung()
    result = _measure(pixels, processor, rung)
    if budget is None or result.image_tokens is None or result.image_tokens <= budget:
        return rung, result
    for rung_ in ladder(processor.image_processor, budget):
        rung, result = rung_, _measure(pixels, processor, rung_)
        if result.image_tokens is not None and result.image_tokens <= budget:
            break
    return rung, result


def _measure(pixels: NDArray[np.uint8], processor: Any, rung: Rung) -> Seen:
    picture = as_picture(pixels, processor, rung)
    own = processor_images_kwargs(processor)
    settings = {**own, **rung.images_kwargs, "return_tensors": "pt"}
    features = processor.image_processor([picture], **settings)
    width, height = seen_size(features, processor.image_processor)
    return Seen(width, height, count_image_tokens(processor, [picture], rung))


def processor_images_kwargs(processor: Any) -> dict[str, Any]:
    """What the processor adds of itself when it calls its image processor."""
    own = getattr(type(processor), "images_kwargs", None)
    return dict(own) if isinstance(own, dict) else {}


def count_image_tokens(processor: Any, pictures: list[Any], rung: Rung) -> int | None:
    """Tokens that ``pictures`` add to a prompt, marks around them included.

    None for a processor without a placeholder to count by.
    """
    token = image_token(processor)
    if token is None:
        return None
    text = token * len(pictures)
    filled = processor(text=[text], images=[pictures], images_kwargs=dict(rung.images_kwargs))
    bare = processor.tokenizer(text)["input_ids"]
    return len(filled["input_ids"][0]) - len(bare) + len(pictures)


def image_token(processor: Any) -> str | None:
    """The text that stands for a picture in a prompt before it is expanded."""
    token = getattr(processor, "image_token", None)
    return token if isinstance(token, str) and token else None
