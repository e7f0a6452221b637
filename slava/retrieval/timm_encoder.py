"""Any timm model as an encoder: from the local cache, or from a folder with its files.

Nothing is downloaded here; pooled features, averaged over a picture's squares.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.domain import EncoderKey
from slava.errors import ModelNeedsDownload, ModelNotFound, ModelUnusable
from slava.imaging.display import stretch
from slava.retrieval.encoder import Vectors, unit
from slava.retrieval.view import Picture, squares

if TYPE_CHECKING:
    from torch import nn

_BATCH = 8
RECOMMENDED = "vit_small_patch14_dinov2.lvd142m"
"""Where the hub is reachable; Apache-2.0, 88 MB."""


class TimmEncoder:
    """Features of a timm model, at its own input size, mean and deviation."""

    def __init__(self, model: nn.Module, name: str, weights_hash: str) -> None:
        from timm.data import resolve_model_data_config

        data: dict[str, Any] = resolve_model_data_config(model)
        self._channels, _, self._size_px = data["input_size"]
        self._mean, self._deviation = data["mean"], data["std"]
        self._model = model.eval()
        told = json.dumps([self._size_px, self._mean, self._deviation, "squares", weights_hash])
        prepared = hashlib.sha256(told.encode()).hexdigest()[:12]
        dimension = int(getattr(model, "num_features", 0))
        self._key = EncoderKey(f"timm:{name}", prepared, dimension)

    @classmethod
    def load(cls, reference: str) -> TimmEncoder:
        """Open a model by name from the cache of this machine, or from a local folder.

        Raises
        ------
        ModelNotFound
            If timm knows no such model and there is no such folder.
        ModelNeedsDownload
            If its weights are not on this machine.
        ModelUnusable
            If it cannot be loaded.
        """
        folder = Path(reference).expanduser()
        if folder.is_dir():
            return cls(_from_folder(folder), folder.name, _hash_of(folder))
        import timm

        if not timm.is_model(reference):
            raise ModelNotFound(
                f"no encoder {reference!r}: give builtin, train, an existing folder, or the name "
                f"of a timm model such as {RECOMMENDED}."
            )
        return cls(_cached(reference), reference, reference)

    @property
    def key(self) -> EncoderKey:
        """``timm:NAME``; the hash tells weights and preparation apart."""
        return self._key

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """See :class:`~slava.retrieval.encoder.MicrographEncoder`."""
        made = [np.empty((0, self._key.dimension), np.float32)]
        for k in range(0, len(pictures), _BATCH):
            made.append(self._batch(pictures[k : k + _BATCH]))
        return np.concatenate(made)

    def _batch(self, pictures: Sequence[Picture]) -> Vectors:
        import torch

        seen = [squares(stretch(picture)) for picture in pictures]
        x = torch.from_numpy(np.stack([self._prepared(s) for each in seen for s in each]))
        with torch.inference_mode():
            features = self._model(x).float().numpy()
        ends = np.cumsum([len(each) for each in seen])[:-1]
        return unit(np.stack([part.mean(0) for part in np.split(unit(features), ends)]))

    def _prepared(self, square: NDArray[np.uint8]) -> NDArray[np.float32]:
        size = (self._size_px, self._size_px)
        picture = Image.fromarray(square).resize(size, Image.Resampling.BICUBIC)
        grey = np.asarray(picture, np.float32)[None].repeat(self._channels, 0) / 255
        mean, deviation = (
            np.array(v, np.float32)[: self._channels, None, None]
            for v in (self._mean, self._deviation)
        )
        return np.asarray((grey - mean) / deviation, dtype=np.float32)


def _from_folder(folder: Path) -> nn.Module:
    import timm
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    config, weights = folder / "config.json", folder / "model.safetensors"
    if not (config.is_file() and weights.is_file()):
        raise ModelUnusable(
            f"no encoder in {folder}: config.json or model.safetensors is missing. Give a folder "
            "of a timm model, or one that sLAVA has trained."
        )
    try:
        told = json.loads(config.read_text(encoding="utf-8"))
        arguments = told.get("model_args") or {}
        given = told.get("pretrained_cfg") or {}
        model = timm.create_model(
            told["architecture"], pretrained=False, num_classes=0, pretrained_cfg=given, **arguments
        )
        missing, _ = model.load_state_dict(load_file(weights), strict=False)
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ModelUnusable(
            f"the encoder in {folder} cannot be loaded ({str(error)[:160]})."
        ) from error
    if missing:
        raise ModelUnusable(
            f"the weights in {folder} do not fit {told['architecture']}: {missing[0]} is missing."
        )
    return model


def _cached(name: str) -> nn.Module:
    """A model whose weights are in the cache of the hub; the network is not asked."""
    import timm
    from huggingface_hub import constants

    online = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        return timm.create_model(name, pretrained=True, num_classes=0)
    except (OSError, RuntimeError) as error:
        raise ModelNeedsDownload(f"timm/{name}", None) from error
    finally:
        constants.HF_HUB_OFFLINE = online


def _hash_of(folder: Path) -> str:
    weights = folder / "model.safetensors"
    return hashlib.sha256(weights.read_bytes()).hexdigest() if weights.is_file() else ""
