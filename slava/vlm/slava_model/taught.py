"""What an adapter of the built-in model was taught: which pictures, which questions, which words.

The built-in model answers within sentences that it knows. An adapter writes freely, and only where
it was taught: a picture like those it learned from, and a question like those it was asked. All
else the model answers as before, without the adapter.

As the model itself, an adapter takes one decision on a picture, here among the categories that it
was taught, and tells it to the decoder; the category's name is a slot, so that no new word has to
be spelled. This module must not know how any of it is learnt.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from slava.errors import ModelUnusable
from slava.retrieval.showing import title_of
from slava.vlm.slava_model.language.slots import SLOTS

RECORD, TENSORS = "taught.json", "taught.safetensors"
VERSION = 1
NAMED, BEGUN = "FIRST", "SECOND"
"""The slots of the decided category, in lower case and with a capital."""
ALIKE = 0.62
"""Cosine between a question and the nearest taught one from which it is of the same kind."""


@dataclass(frozen=True, slots=True, eq=False)
class Taught:
    """Beside the adapter's weights: where it answers.

    ``means`` (C, D) and ``precision`` (D, D) say where the taught pictures lie among the pooled
    features, ``radius`` how far from there others of them were; ``direction`` (D,) and ``offset``
    tell them from the drawings that the model was built on (Lee et al. 2018, arXiv:1807.03888).
    """

    labels: tuple[str, ...]
    """Every category that it was taught; may be empty."""
    intents: frozenset[str]
    """The kinds of question that the model's own router found among the taught ones."""
    questions: Tensor
    """(Q, 384), the taught questions at unit length."""
    means: Tensor
    precision: Tensor
    radius: float
    direction: Tensor
    offset: float
    head: Tensor
    """(labels, D), a linear classifier of the pooled features; (0, D) without labels."""
    bias: Tensor
    """(labels,)"""
    word_ids: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    """(W,), the pieces whose rows of the table of words were learnt."""
    word_rows: Tensor = field(default_factory=lambda: torch.zeros(0, 0))
    """(W, width), what is added to them."""
    notes: dict[str, Any] = field(default_factory=dict)

    def knows_picture(self, feature: Tensor) -> bool:
        """Whether a picture with pooled ``feature`` (D,) is like those it learned from."""
        gap = feature.float() - self.means  # (C, D)
        squared = torch.einsum("cd,de,ce->c", gap, self.precision, gap)
        near = float(squared.clamp(min=0).sqrt().min()) <= self.radius
        return near and float(feature.float() @ self.direction) + self.offset > 0

    def decide(self, feature: Tensor) -> tuple[tuple[str, float], ...]:
        """Every label with its probability, most probable first, for pooled ``feature`` (D,)."""
        if not self.labels:
            return ()
        p = (self.head @ feature.float() + self.bias).softmax(-1)
        order = p.argsort(descending=True, stable=True).tolist()
        return tuple((self.labels[k], float(p[k])) for k in order)

    def knows_question(self, sentence: Tensor, intent: str) -> bool:
        """Whether a question, as sentence (384,) and the router's intent, is of a taught kind."""
        if intent in self.intents:
            return True
        return len(self.questions) > 0 and float((self.questions @ sentence).max()) >= ALIKE

    def save(self, folder: Path) -> None:
        """Write the two files; OSError when the disk refuses."""
        tensors = {
            "questions": self.questions.half(),
            "means": self.means,
            "precision": self.precision,
            "direction": self.direction,
            "head": self.head,
            "bias": self.bias,
            "word_ids": self.word_ids,
            "word_rows": self.word_rows,
        }
        save_file({k: v.contiguous() for k, v in tensors.items()}, folder / TENSORS)
        record = {
            "version": VERSION,
            "labels": list(self.labels),
            "intents": sorted(self.intents),
            "radius": self.radius,
            "offset": self.offset,
            "notes": self.notes,
        }
        text = json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True)
        (folder / RECORD).write_text(f"{text}\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Taught:
        """What :meth:`save` has written.

        Raises
        ------
        ModelUnusable
            If a file is missing or damaged.
        """
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            tensors = load_file(folder / TENSORS)
            if record["version"] != VERSION:
                raise ValueError(f"version {record['version']} is not {VERSION}")
            return cls(
                labels=tuple(map(str, record["labels"])),
                intents=frozenset(record["intents"]),
                questions=tensors["questions"].float(),
                means=tensors["means"],
                precision=tensors["precision"],
                radius=float(record["radius"]),
                direction=tensors["direction"],
                offset=float(record["offset"]),
                head=tensors["head"],
                bias=tensors["bias"],
                word_ids=tensors["word_ids"],
                word_rows=tensors["word_rows"],
                notes=dict(record.get("notes", {})),
            )
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise ModelUnusable(
                f"the adapter in {folder} does not say what it was taught ({error}). It was not "
                "trained on the built-in model, or its files are damaged: train it again."
            ) from error


def taught_tokens(detailed: bool, calibrated: bool, known: Iterable[str], label: str = "") -> str:
    """The auxiliary text of a taught question: no intent and no trait, since those are the
    model's own; what is left is the length, the calibration, the slots with a value, and the
    category that was decided on."""
    held = set(known)
    slots = "".join(f"<{slot}>" for slot in SLOTS if slot in held)
    length = "<detailed>" if detailed else "<concise>"
    calibration = "<calibrated>" if calibrated else "<uncalibrated>"
    return f"{length}{calibration}{slots}{title_of(label)}"


def category_slots(label: str) -> dict[str, str]:
    """The slots that name a category: within a sentence, and at its beginning."""
    title = title_of(label)
    return {NAMED: title, BEGUN: title[:1].upper() + title[1:]} if title else {}


def with_slots(answer: str, values: Mapping[str, str]) -> str:
    """``answer``, every value of a slot that stands in it put as the slot.

    Measured values need a digit; longer ones come first, and only whole words count.
    """
    text = answer
    told = [
        (slot, value)
        for slot, value in values.items()
        if slot in (NAMED, BEGUN) or re.search(r"\d", value)
    ]
    for slot, value in sorted(told, key=lambda item: -len(item[1])):
        whole = rf"(?<![\w.<-]){re.escape(value)}(?![\w>-]|\.\d)"
        text = re.sub(whole, f"<{slot}>", text)
    return text
