"""The built-in model's eyes as an encoder: no training, no download, knows drawn micrographs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from slava.domain import EncoderKey
from slava.imaging.display import stretch
from slava.retrieval.encoder import Vectors, unit
from slava.retrieval.view import Picture

if TYPE_CHECKING:
    from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
    from slava.vlm.slava_model.processing import SlavaProcessor

_BATCH = 16


class BuiltinEncoder:
    """CLS and mean of the patches of the built-in vision encoder, averaged over its looks."""

    def __init__(
        self, model: SlavaForConditionalGeneration, processor: SlavaProcessor, weights_hash: str
    ) -> None:
        self._model, self._processor = model, processor
        config = model.config.vision_config
        done = f"stretch looks {config.size_px} {weights_hash}"
        prepared = hashlib.sha256(done.encode()).hexdigest()[:12]
        self._key = EncoderKey("builtin", prepared, 2 * config.width)

    @classmethod
    def load(cls) -> BuiltinEncoder:
        """Load it from the package.

        Raises
        ------
        ModelUnusable
            If its weights are missing.
        """
        from slava.vlm.slava_model.load import WEIGHTS, load_model

        model, processor = load_model(WEIGHTS)
        weights = (WEIGHTS / "model.safetensors").read_bytes()
        return cls(model, processor, hashlib.sha256(weights).hexdigest())

    @property
    def key(self) -> EncoderKey:
        """``builtin``; the hash tells one version of the weights from another."""
        return self._key

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """See :class:`~slava.retrieval.encoder.MicrographEncoder`."""
        made = [self._batch(pictures[k : k + _BATCH]) for k in range(0, len(pictures), _BATCH)]
        empty = np.empty((0, self._key.dimension), np.float32)
        return np.concatenate([empty, *made])

    def _batch(self, pictures: Sequence[Picture]) -> Vectors:
        import torch

        from slava.vlm.slava_model.looking import looks
        from slava.vlm.slava_model.vision import pooled

        seen = [looks(stretch(picture)) for picture in pictures]
        pixels = self._processor.image_processor([s for each in seen for s in each])
        with torch.inference_mode():
            tokens = self._model.encoder.features(pixels["pixel_values"])  # (V, 1 + N, D)
            features = pooled(tokens.float()).numpy()  # (V, 2 D)
        ends = np.cumsum([len(each) for each in seen])[:-1]
        return unit(np.stack([part.mean(0) for part in np.split(unit(features), ends)]))
