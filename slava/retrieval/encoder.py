"""The encoder seam: pictures in, vectors of unit length out; and what a reference opens.

Torch is imported by what stands behind it, when it is opened.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from slava.domain import EncoderKey
from slava.errors import BadInput, BadSetting
from slava.retrieval.view import Picture

BUILTIN = "builtin"
Vectors = NDArray[np.float32]


@runtime_checkable
class MicrographEncoder(Protocol):
    """Turns pictures into vectors that lie near each other where the pictures are alike."""

    @property
    def key(self) -> EncoderKey:
        """What its vectors are marked with."""
        ...

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        """Vectors (n, dimension) of unit length, float32.

        Parameters
        ----------
        pictures
            What :func:`~slava.retrieval.view.specimen_view` gives: any size and depth.
        """
        ...


@runtime_checkable
class KnowsClasses(Protocol):
    """An encoder that was trained on labels: its vectors tell classes by themselves."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The classes that it was trained on."""
        ...

    def class_probabilities(self, vectors: Vectors) -> NDArray[np.float64]:
        """Probabilities (n, len(labels)) of its own vectors (n, dimension)."""
        ...


def open_encoder(reference: str = BUILTIN) -> MicrographEncoder:
    """The encoder that ``reference`` names. Nothing is downloaded here.

    Parameters
    ----------
    reference
        ``builtin``; a folder that ``training.encoder`` wrote; a timm model by name, or a folder
        with its ``config.json`` and ``model.safetensors``.

    Raises
    ------
    ModelError
        Saying why it cannot be opened and what to do.
    """
    if reference == BUILTIN:
        from slava.retrieval.builtin_encoder import BuiltinEncoder

        return BuiltinEncoder.load()
    if not reference.strip():
        raise BadSetting("no encoder is named: give builtin, a folder or the name of a timm model.")
    folder = Path(reference).expanduser()
    if folder.is_dir():
        from slava.retrieval.encoder_folder import is_trained

        if is_trained(folder):
            from slava.retrieval.trained_encoder import TrainedEncoder

            return TrainedEncoder.load(folder)
    from slava.retrieval.timm_encoder import TimmEncoder

    return TimmEncoder.load(reference)


def check_key(wanted: EncoderKey, found: EncoderKey) -> None:
    """Refuse vectors that another encoder made.

    Raises
    ------
    BadInput
        Naming both and the way out.
    """
    if wanted != found:
        raise BadInput(
            f"these vectors are of the encoder {found.id} ({found.dimension} numbers, "
            f"preprocessing {found.preprocessing}), not of {wanted.id} ({wanted.dimension}, "
            f"{wanted.preprocessing}). Embed the micrographs again with {wanted.id}."
        )


def unit(vectors: NDArray[np.floating]) -> Vectors:
    """Vectors (n, d) at unit length; a zero vector stays zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-12), dtype=np.float32)
