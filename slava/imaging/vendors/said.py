"""What a vendor's metadata says, in our units, before anyone has decided to believe it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from slava.domain import Instrument


@dataclass(frozen=True, slots=True)
class Said:
    """One source's account of a micrograph.

    ``raster_px`` is the (width, height) of the picture that ``nm_per_px`` belongs to, without
    its databar; ``picture_rows`` how many rows from the top are specimen; ``databar_rows`` how
    many rows the strip below them has. ``None`` is "not said".
    """

    instrument: Instrument = field(default_factory=Instrument)
    nm_per_px: float | None = None
    detail: str = ""
    """Where the pixel size stands: ``Scan.PixelWidth``."""
    raster_px: tuple[int, int] | None = None
    picture_rows: int | None = None
    databar_rows: int | None = None
    warnings: tuple[str, ...] = ()


def merge(first: Instrument, second: Instrument) -> Instrument:
    """``first``, its gaps filled from ``second``."""
    gaps: dict[str, Any] = {
        name: getattr(second, name)
        for name in Instrument.__dataclass_fields__
        if getattr(first, name) in (None, "unknown")
    }
    return replace(first, **gaps)
