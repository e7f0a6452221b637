"""An encoder that was trained on the lab's own micrographs, and its class head if it has one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from slava.domain import EncoderKey
from slava.errors import ModelUnusable
from slava.retrieval.encoder import Vectors, unit
from slava.retrieval.encoder_folder import WEIGHTS, EncoderRecord, read_record, weights_hash
from slava.retrieval.fusion import softmax
from slava.retrieval.view import Picture, squares, standardised, thumbnail

if TYPE_CHECKING:
    import torch

    from slava.retrieval.network import EncoderNet

_BATCH = 32
Seen = NDArray[np.float32]


class TrainedEncoder:
    """Vectors of a trained network, averaged over a picture's squares and four turns of each."""

    def __init__(
        self,
        network: EncoderNet,
        record: EncoderRecord,
        key: EncoderKey,
        head: NDArray[np.float32] | None = None,
    ) -> None:
        self._network, self._record, self._key, self._head = network, record, key, head

    @classmethod
    def load(cls, folder: Path) -> TrainedEncoder:
        """Read a folder that ``training.encoder`` wrote.

        Raises
        ------
        ModelUnusable
            If it is damaged or of another version.
        """
        import torch
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        from slava.retrieval.network import EncoderNet

        record = read_record(folder)
        try:
            weights = load_file(folder / WEIGHTS)
            head = weights.pop("head", None)
            with torch.random.fork_rng(devices=[]):
                network = EncoderNet(network_config(record))
            network.load_state_dict(weights)
        except (OSError, SafetensorError, RuntimeError, TypeError, ValueError) as error:
            raise ModelUnusable(
                f"the encoder in {folder} cannot be loaded ({str(error)[:160]}). Train it again."
            ) from error
        dimension = network.config.dimension
        key = EncoderKey(f"trained:{weights_hash(folder)}", record.preprocessing, dimension)
        return cls(ready(network), record, key, None if head is None else head.numpy())

    @property
    def key(self) -> EncoderKey:
        """``trained:`` and the hash of the weights."""
        return self._key

    @property
    def record(self) -> EncoderRecord:
        """What it says of its training."""
        return self._record

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that it was trained on; empty for an unsupervised one."""
        return self._record.labels if self._head is not None else ()

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """See :class:`~slava.retrieval.encoder.MicrographEncoder`."""
        return self.encode_thumbnails([thumbnail(picture) for picture in pictures])

    def encode_thumbnails(
        self,
        small: Sequence[NDArray[np.uint8]],
        progress: Callable[[int, int], None] | None = None,
    ) -> Vectors:
        """The same for what :func:`~slava.retrieval.view.thumbnail` gave."""
        made = [np.empty((0, self._key.dimension), np.float32)]
        for k in range(0, len(small), _BATCH):
            if progress:
                progress(k, len(small))
            made.append(encode_batch(self._network, small[k : k + _BATCH]))
        return np.concatenate(made)

    def class_probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Probabilities (n, len(labels)) of its own vectors (n, dimension).

        Raises
        ------
        ValueError
            If it was trained without labels.
        """
        if self._head is None:
            raise ValueError("this encoder was trained without labels")
        return head_probabilities(vectors, self._head, self._record.head_scale)


def head_probabilities(
    vectors: Vectors, head: NDArray[np.float32], scale: float
) -> NDArray[np.float64]:
    """Softmax of the scaled cosines of vectors (n, d) and classes (c, d): (n, c)."""
    return softmax(scale * (vectors.astype(np.float64) @ unit(head).T))


def network_config(record: EncoderRecord) -> Any:
    """The network's config from a record, whose lists become tuples."""
    from slava.retrieval.network import NetworkConfig

    told: dict[str, Any] = {
        k: tuple(v) if isinstance(v, list) else v for k, v in record.network.items()
    }
    return NetworkConfig(**told)


def ready(network: EncoderNet) -> EncoderNet:
    """The network laid out for inference."""
    import torch

    return network.eval().to(memory_format=torch.channels_last)


def encode_batch(network: EncoderNet, small: Sequence[NDArray[np.uint8]]) -> Vectors:
    """Unit vectors (n, dimension) of thumbnails, averaged over squares and four turns."""
    import torch

    size = network.config.size_px
    seen = [[resized(square, size) for square in squares(each)] for each in small]
    x = torch.from_numpy(np.stack([s for each in seen for s in each]))[:, None]
    with torch.inference_mode(), half_precision():
        turned = torch.stack([network(view).float() for view in four_turns(x)])
    vectors = unit(turned.sum(0).numpy())
    ends = np.cumsum([len(each) for each in seen])[:-1]
    return unit(np.stack([part.mean(0) for part in np.split(vectors, ends)]))


def four_turns(x: torch.Tensor) -> list[torch.Tensor]:
    """As it is, mirrored, a quarter turn, and that mirrored: (B, 1, S, S) each."""
    quarter = x.transpose(2, 3)
    return [x, x.flip(3), quarter, quarter.flip(3)]


def resized(small: NDArray[np.uint8], size_px: int) -> Seen:
    """A square part at the size that a network is shown, of zero mean and unit deviation."""
    picture = Image.fromarray(standardised(small))
    values = np.asarray(picture.resize((size_px, size_px), Image.Resampling.BILINEAR), np.float32)
    shown: Seen = (values - values.mean()) / max(float(values.std()), 1e-3)
    return shown


def half_precision() -> torch.autocast:
    """Convolutions in bfloat16 where the processor is fast in it."""
    import torch

    fast = bool(getattr(torch.cpu, "_is_avx512_bf16_supported", bool)())
    return torch.autocast("cpu", torch.bfloat16, enabled=fast)
