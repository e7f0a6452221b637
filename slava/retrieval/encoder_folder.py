"""The folder of a trained encoder: ``config.json``, ``model.safetensors`` and ``fusion.json``.

The format is torch-free to read. It must not know how an encoder is trained.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from slava.errors import ModelUnusable

CONFIG, WEIGHTS = "config.json", "model.safetensors"
FORMAT = 1
MARK = "slava-micrograph-encoder"
PREPARATION = "specimen; clip 0.2-99.8 %; shorter side 256; z-score in 8 bits; 1-2 squares; 4 turns"
"""What is done to a picture before the network; a change makes other vectors."""

Task = Literal["supervised", "unsupervised"]


@dataclass(frozen=True, slots=True)
class EncoderRecord:
    """What a trained encoder says of itself."""

    task: Task
    network: Mapping[str, Any]
    """Fields of :class:`~slava.retrieval.network.NetworkConfig`."""
    labels: tuple[str, ...] = ()
    """The classes it was trained on; empty for an unsupervised one."""
    head_scale: float = 1.0
    """Multiplies the cosines of vector and class before the softmax."""
    held_out: tuple[str, ...] = ()
    """Ids of the micrographs that it was not trained on: its validation part."""
    training: Mapping[str, Any] = field(default_factory=dict)
    """How it was trained and what came of it, for people."""

    @property
    def preprocessing(self) -> str:
        """Hash of what is done to the pixels, 12 hex digits."""
        told = f"{PREPARATION}; {self.network['size_px']} px"
        return hashlib.sha256(told.encode()).hexdigest()[:12]


def is_trained(folder: Path) -> bool:
    """Whether a folder is one of ours, judged by its config alone."""
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(told, dict) and told.get("kind") == MARK


def write_record(folder: Path, record: EncoderRecord) -> None:
    """Write ``config.json``."""
    told = {
        "kind": MARK,
        "format": FORMAT,
        "task": record.task,
        "network": dict(record.network),
        "labels": list(record.labels),
        "head_scale": record.head_scale,
        "preprocessing": PREPARATION,
        "preprocessing_hash": record.preprocessing,
        "held_out": list(record.held_out),
        "training": dict(record.training),
    }
    text = json.dumps(told, indent=2, ensure_ascii=False)
    (folder / CONFIG).write_text(text + "\n", encoding="utf-8")


def read_record(folder: Path) -> EncoderRecord:
    """Read ``config.json``.

    Raises
    ------
    ModelUnusable
        If it is missing, damaged, or of another version.
    """
    try:
        told = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
        record = EncoderRecord(
            task=told["task"],
            network=told["network"],
            labels=tuple(told["labels"]),
            head_scale=float(told["head_scale"]),
            held_out=tuple(told["held_out"]),
            training=told["training"],
        )
        wrong = told["format"] != FORMAT or told["preprocessing_hash"] != record.preprocessing
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelUnusable(
            f"the encoder in {folder} cannot be read ({error}). Train it again."
        ) from error
    if wrong:
        raise ModelUnusable(
            f"the encoder in {folder} was made by another version of sLAVA. Train it again."
        )
    return record


def weights_hash(folder: Path) -> str:
    """The first 12 hex digits of the SHA-256 of the weights."""
    return hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()[:12]
