"""Small pictures of the micrographs for a report, each once, as far as there is room.

It must not know how a report looks.
"""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from slava.domain import MicrographId
from slava.evaluation.results import Results

LONGEST_PX = 480
ROOM_BYTES = 20_000_000
"""Of all pictures together, as they stand in the file."""
_QUALITY = 78


@dataclass(frozen=True, slots=True)
class Pictures:
    """Addresses that hold the pictures themselves."""

    addresses: Mapping[MicrographId, str]
    """``data:image/jpeg;base64,...`` by micrograph."""
    over: int
    """So many are left out for want of room."""
    missing: int
    """So many have no picture that can be read."""


def gather_pictures(
    results: Results,
    picture: Callable[[MicrographId], bytes | None],
    *,
    room_bytes: int = ROOM_BYTES,
) -> Pictures:
    """The pictures of all micrographs in the order in which they are asked about."""
    addresses: dict[MicrographId, str] = {}
    taken = over = missing = 0
    for micrograph_id in dict.fromkeys(row.item.micrograph_id for row in results.rows):
        if taken >= room_bytes:
            over += 1
            continue
        content = picture(micrograph_id)
        address = _address(content) if content else None
        if address is None:
            missing += 1
        elif taken + len(address) > room_bytes:
            over += 1
            taken = room_bytes
        else:
            addresses[micrograph_id] = address
            taken += len(address)
    return Pictures(addresses, over, missing)


def _address(content: bytes) -> str | None:
    """A JPEG of at most :data:`LONGEST_PX`; ``None`` where the content is no picture."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(content)) as opened:
            small = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
            small.thumbnail((LONGEST_PX, LONGEST_PX))
    except (OSError, ValueError, Image.DecompressionBombError):
        return None
    written = io.BytesIO()
    small.save(written, "JPEG", quality=_QUALITY, optimize=True)
    return "data:image/jpeg;base64," + base64.b64encode(written.getvalue()).decode("ascii")
