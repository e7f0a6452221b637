"""Words that several panels use."""

from __future__ import annotations

from typing import Any

Shown = dict[str, Any]

UNCALIBRATED = "uncalibrated"
SOURCES = {
    "metadata": "from the file",
    "sidecar": "from the sidecar file",
    "databar": "read from the databar",
    "manual": "by hand",
}


def per_pixel(nm_per_px: float) -> str:
    """``4.538 nm/px``, from 10 µm on in µm: never with an exponent."""
    small = nm_per_px < 1e4
    return f"{nm_per_px:.4g} nm/px" if small else f"{nm_per_px / 1e3:.4g} µm/px"


def duration(seconds: float) -> str:
    """``about 40 s``, ``about 3 min``, ``about 2.5 h``: as exact as a guess can be."""
    if seconds < 90:
        return f"about {max(1, round(seconds))} s"
    return f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
