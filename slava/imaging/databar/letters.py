"""Edge to the reader of letters: pixels in, lines of text with their boxes out.

RapidOCR and its models come with its package: nothing is fetched. It is imported when the first
text is read, so that nobody waits for it who reads none. What a text means is not known here.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.domain import Box

LEAST_SCORE = 0.3
"""Of 1; lines that are read with less are noise."""
_MARGIN = 24
"""Pixels of the edge's own grey around a picture: letters that touch its edge are lost."""
_WIDEST = 4096
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Text:
    """One line of letters, where it stands, and how sure its reader is (0..1)."""

    text: str
    box: Box
    score: float


def read_texts(levels: NDArray[np.uint8], zoom: float = 1.0) -> list[Text]:
    """The lines of text in a picture, in reading order.

    Parameters
    ----------
    levels : ndarray, (height_px, width_px) or (height_px, width_px, 3), uint8
    zoom : float
        The picture is read enlarged (or reduced) by this: letters should be 16 to 60 px high.

    Returns
    -------
    list of Text
        Boxes in pixels of ``levels``.
    """
    height, width = levels.shape[:2]
    zoom = min(zoom, _WIDEST / max(height, width))
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    drawn = Image.fromarray(levels).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    sheet = np.pad(np.asarray(drawn), ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), mode="edge")
    with _ONE_AT_A_TIME:
        read = _engine()(sheet)
    if read.txts is None:
        return []
    lines = zip(read.txts, read.boxes, read.scores, strict=True)
    return [
        Text(str(text).strip(), _box(np.asarray(corners), zoom, width, height), float(score))
        for text, corners, score in lines
        if str(text).strip()
    ]


def _box(corners: NDArray[Any], zoom: float, width: int, height: int) -> Box:
    x, y = (corners[:, 0] - _MARGIN) / zoom, (corners[:, 1] - _MARGIN) / zoom
    left, top = max(0, int(np.floor(x.min()))), max(0, int(np.floor(y.min())))
    return Box(left, top, min(width, int(np.ceil(x.max()))), min(height, int(np.ceil(y.max()))))


@cache
def _engine() -> Any:
    """RapidOCR on one thread with the models of its own package."""
    import cv2
    import rapidocr

    cv2.setNumThreads(1)
    models = Path(rapidocr.__file__).parent / "models"
    return rapidocr.RapidOCR(
        params={
            "Global.use_cls": False,
            "Global.text_score": LEAST_SCORE,
            "Global.log_level": "critical",
            "Global.max_side_len": _WIDEST + 2 * _MARGIN,
            "Global.width_height_ratio": -1,
            "Det.limit_side_len": _WIDEST + 2 * _MARGIN,
            "Det.limit_type": "max",
            "Det.model_path": str(next(models.glob("*_det_*.onnx"))),
            "Rec.model_path": str(next(models.glob("*_rec_*.onnx"))),
            "EngineConfig.onnxruntime.intra_op_num_threads": 1,
            "EngineConfig.onnxruntime.inter_op_num_threads": 1,
        }
    )
