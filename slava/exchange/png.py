"""The picture of a micrograph as a PNG of 8 bits that any program opens."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.domain import Box
from slava.imaging.display import stretch


def shown_png(grey: NDArray[Any], within: Box | None = None) -> bytes:
    """Grey values of 8 bits as they are; any other depth stretched for the eye.

    Parameters
    ----------
    grey
        (height_px, width_px), any depth.
    within
        The specimen without the databar, which the stretching looks at.
    """
    from PIL import Image

    pixels = grey if grey.dtype == np.uint8 else stretch(grey, within)
    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(buffer, "PNG")
    return buffer.getvalue()
