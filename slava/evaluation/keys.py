"""What answers are known by: the hash of everything that decides them, the model among it.

It must not know how answers are kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from slava.domain import (
    AnswerKey,
    EvaluationId,
    EvaluationSpec,
    ItemId,
    MicrographId,
    ModelEntry,
    Quantization,
)
from slava.evaluation.records import spec_record
from slava.handoff.files import canonical, hash_bytes, hash_file
from slava.vlm.backbone import GenerationSettings

VERSION = 1
"""Raised whenever the same model would be asked otherwise: old answers then stand for nothing."""
ADAPTED = 2
"""The same of a model with an adapter: raised since answers tell whether the adapter gave them."""

_WHOLE_BYTES = 64 << 20
_STRIDE_BYTES = 1 << 20
_BLOCK_BYTES = 1 << 16
_HASHED = (".json", ".jinja", ".model", ".txt")


def identify(entry: ModelEntry, adapter_folder: Path | None = None) -> ModelEntry:
    """The entry with the identity of its weights and its adapter; nothing is loaded.

    Of a served model and of one that has not been downloaded only the name is known here; what a
    server reports comes to it when it is asked.
    """
    told = [_weights(entry.reference)]
    if adapter_folder is not None:
        told += [_adapter(adapter_folder)]
    return replace(entry, identity=hash_bytes(canonical(told))[:16])


def answer_key(
    entry: ModelEntry,
    shown: MicrographId,
    nm_per_px: float | None,
    box: Sequence[int],
    context: str,
    question: str,
    classes: Sequence[str],
    settings: GenerationSettings,
    again: int = 0,
) -> AnswerKey:
    """The key of one answer.

    Parameters
    ----------
    shown
        The SHA-256 of the micrograph's bytes; ``box`` is the part of it that is shown, px.
    context
        What is told besides the question.
    classes
        The labels to choose from; empty for an answer in words.
    again
        Above 0 for what is asked anew.
    """
    told: dict[str, object] = {
        "version": ADAPTED if entry.adapter else VERSION,
        "model": [entry.identity, entry.quantization, *([entry.served] if entry.served else [])],
        "shown": [shown, nm_per_px, list(box)],
        "context": context,
        "question": question,
        "classes": list(classes),
        "settings": [settings.max_new_tokens, settings.temperature, settings.top_p, settings.seed],
    }
    if again:
        told["again"] = again
    return AnswerKey(hash_bytes(canonical(told)))


def score_key(answer: AnswerKey, item: ItemId) -> AnswerKey:
    """What a person's score is kept under: an answer beside one reference."""
    return AnswerKey(hash_bytes(canonical([answer, item])))


def given_key(name: str, item_id: str, answer: str) -> AnswerKey:
    """The key of an answer that came with a test set."""
    return AnswerKey(hash_bytes(canonical(["given", name, item_id, answer])))


def evaluation_id(spec: EvaluationSpec) -> EvaluationId:
    """The id of an evaluation: the same spec again is the same evaluation, whoever judges it, and
    whatever a server has reported meanwhile."""
    models = tuple(replace(model, served="") for model in spec.models)
    wanted = replace(spec, judge=None, models=models)
    return EvaluationId(hash_bytes(canonical(spec_record(wanted)))[:12])


def quantized(title: str, quantization: Quantization) -> str:
    """A model's title with its quantization, where it has one."""
    return title if quantization == "none" else f"{title}, {quantization}"


def _weights(reference: str) -> str:
    from slava.vlm.load import BUILTIN

    if reference == BUILTIN:
        from slava.vlm import slava_model  # not its loader: that takes torch

        return _folder(Path(slava_model.__file__).parent / "weights")
    folder = Path(reference).expanduser()
    return _folder(folder) if folder.is_dir() else reference


def _adapter(folder: Path) -> str:
    return hash_bytes(
        canonical(
            [[f.name, _hash_once(f, whole=True)] for f in sorted(folder.glob("*.safetensors"))]
        )
    )


def _folder(folder: Path) -> str:
    """Hash of a model's folder: small files whole, weights by their size and blocks all over."""
    told: list[list[object]] = []
    for file in sorted(folder.iterdir()):
        if file.suffix == ".safetensors":
            told.append([file.name, file.stat().st_size, _hash_once(file, whole=False)])
        elif file.is_file() and file.suffix in _HASHED:
            told.append([file.name, _hash_once(file, whole=True)])
    return hash_bytes(canonical(told))


def _hash_once(file: Path, *, whole: bool) -> str:
    """The hash of a file, made anew when its size or its times have changed."""
    now = file.stat()
    return _hash_of(file, whole, (now.st_size, now.st_mtime_ns, now.st_ctime_ns, now.st_ino))


@lru_cache(maxsize=512)
def _hash_of(file: Path, whole: bool, _stamp: tuple[int, ...]) -> str:
    return hash_file(file) if whole else _sampled(file)


def _sampled(file: Path) -> str:
    """Hash of a file; of a large one of a block of every stride, and its end, so that no layer can
    be another one unseen."""
    size = file.stat().st_size
    if size <= _WHOLE_BYTES:
        return hash_file(file)
    digest = hashlib.sha256()
    with file.open("rb") as source:
        for start in (*range(0, size, _STRIDE_BYTES), size - _BLOCK_BYTES):
            source.seek(start)
            digest.update(source.read(_BLOCK_BYTES))
    return digest.hexdigest()
