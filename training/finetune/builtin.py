"""The built-in sLAVA as a learner: its eye and its reader of questions are frozen and cached."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from slava.adapters import load_adapter, make_adapter
from slava.domain import MicrographId
from slava.retrieval.showing import title_of
from slava.vlm.adapted_builtin import AdaptedBuiltin
from slava.vlm.backbone import Backbone, Message, View
from slava.vlm.builtin_backbone import BuiltinBackbone
from slava.vlm.slava_model.language.slots import fact_slots
from slava.vlm.slava_model.language.understand import shorten
from slava.vlm.slava_model.modeling import shift_right
from slava.vlm.slava_model.question_encoder import question_encoder
from slava.vlm.slava_model.taught import Taught, category_slots, taught_tokens, with_slots
from slava.vlm.slava_model.vision import pooled
from slava.vlm.slava_model.words import forget_words, load_words, teach_words, without_words
from training.finetune.config import TrainConfig
from training.finetune.examples import Drawn, Example, Examples, both
from training.finetune.learner import PUBLISHED, Losses, Prepared
from training.finetune.pictures import Pictures
from training.finetune.teach import fit_taught

_IGNORED = -100
WORDS_PACE = 0.3


class BuiltinLearner:
    """A :class:`~training.finetune.learner.Learner`."""

    def __init__(self, config: TrainConfig, examples: Examples, pictures: Pictures) -> None:
        self._config, self._examples, self._pictures = config, examples, pictures
        self._plain = BuiltinBackbone.load(config.quantization)
        self._core = self._plain._open()
        self._processor = self._plain._processor
        self._core.requires_grad_(False)
        self.model: Any = make_adapter(self._core, config.adapter())
        self._seen: dict[MicrographId, tuple[Tensor, Tensor, dict[str, str], bool]] = {}
        self._read: dict[str, Tensor] = {}
        self._ids: dict[str, list[int]] = {}
        self._taught = self._fit_taught()
        self._words = teach_words(self._core, self._pieces())

    # ------------------------------------------------------------------------------ learning
    def prepare(self, drawn: Sequence[Drawn]) -> Prepared:
        """Cached features, questions and answers as tensors."""
        looks = [self._look(d.example.micrograph_ids[-1]) for d in drawn]
        answers = [self._answer(d) for d in drawn]
        told = [
            self._encode(taught_tokens(d.detailed, look[3], look[2], self._told(d.example)))
            for d, look in zip(drawn, looks, strict=True)
        ]
        features, mask = self._questions([shorten(d.question) for d in drawn])
        inputs = {
            "image_features": torch.cat([look[0] for look in looks]),
            "question_features": features,
            "question_mask": mask,
            "auxiliary_ids": _padded(told, 0),
            "labels": _padded(answers, _IGNORED),
        }
        return Prepared(inputs, len(drawn), sum(map(len, answers)))

    def losses(self, prepared: Prepared) -> Losses:
        """Language modelling of the answers, and matching them with their micrographs."""
        inputs = prepared.inputs
        summed = F.cross_entropy(
            self._logits(inputs).flatten(0, 1).float(), inputs["labels"].flatten(),
            ignore_index=_IGNORED, reduction="sum",
        )  # fmt: skip
        matching = self._matching(inputs) if self.model.training else None
        return Losses(summed, prepared.tokens, matching)

    def said(self, prepared: Prepared) -> Tensor:
        """Logits (T, vocabulary) of the answers' tokens."""
        there = prepared.inputs["labels"] != _IGNORED
        return self._logits(prepared.inputs)[there].float()

    def _logits(self, inputs: dict[str, Tensor]) -> Tensor:
        """(B, L, vocabulary)"""
        given = shift_right(inputs["labels"], self._core.config)
        logits: Tensor = self._core(**inputs, decoder_input_ids=given).logits
        return logits

    def _matching(self, inputs: dict[str, Tensor]) -> Tensor | None:
        """Every micrograph with its own answer and with the next differing one of the batch."""
        ids = inputs["labels"].masked_fill(inputs["labels"] == _IGNORED, 0)
        ids = ids.masked_fill(ids == self._core.config.eos_token_id, 0)
        rows, others = [], []
        for row in range(len(ids)):
            for step in range(1, len(ids)):
                other = (row + step) % len(ids)
                if not torch.equal(ids[other], ids[row]):
                    rows.append(row)
                    others.append(other)
                    break
        if not rows:
            return None
        features = inputs["image_features"][rows]
        logit = self._core.match(
            torch.cat([features, features]), torch.cat([ids[rows], ids[others]])
        )
        wanted = torch.cat([torch.ones(len(rows)), torch.zeros(len(rows))])
        return F.binary_cross_entropy_with_logits(logit.float(), wanted)

    def length(self, example: Example) -> int:
        """Characters of the longer answer."""
        return max(len(example.answer), len(example.detailed))

    def pace_of(self, name: str) -> float:
        """The table of words learns more slowly: its rows are small."""
        return WORDS_PACE if name.endswith("word.rows") else 1.0

    def parameters(self) -> int:
        """Of model and question reader."""
        return self._plain.report().parameters or 0

    @property
    def licence(self) -> str:
        return self._plain.report().licence

    # ----------------------------------------------------------------------------- answering
    def asked(self, drawn: Drawn) -> tuple[list[Message], list[View]]:
        """The question about the last of its micrographs: the built-in model takes one."""
        view = self._pictures.view(drawn.example.micrograph_ids[-1])
        return [Message("user", drawn.question, (0,))], [view]

    def backbone(self) -> Backbone:
        """As it answers in the app."""
        name = self._config.name
        return AdaptedBuiltin(self._plain, self.model, self._taught, self._words, name)

    @contextmanager
    def base(self) -> Iterator[Backbone]:
        """Without the adapter."""
        with self.model.disable_adapter(), without_words(self._words):
            yield self._plain

    def take_up(self, folder: Path) -> None:
        """Weights, what was taught, and the words."""
        forget_words(self._core)
        load_adapter(self.model, folder, name=PUBLISHED)
        self.model.set_adapter(PUBLISHED)
        self._taught = Taught.load(folder)
        self._words = load_words(self._core, self._taught.word_ids, self._taught.word_rows)

    def write_extras(self, folder: Path) -> None:
        """What was taught."""
        rows = self._words.rows.detach().cpu()
        replace(self._taught, word_ids=self._words.ids.cpu(), word_rows=rows).save(folder)

    def _fit_taught(self) -> Taught:
        learnt = self._examples.part("train")
        ids = list(dict.fromkeys(i for e in learnt for i in e.micrograph_ids[-1:]))
        labels = {i: e.category for e in learnt for i in e.micrograph_ids[-1:] if e.category}
        return fit_taught(
            self._plain,
            torch.stack([self._look(i)[1] for i in ids]),
            [labels.get(i, "") for i in ids],
            list(dict.fromkeys(q for e in learnt for q in e.wordings)),
            self._examples.labels,
            {"name": self._config.name, "context": self._config.context},
        )

    # ---------------------------------------------------------------------------- what is cached
    @torch.no_grad()
    def _look(self, micrograph_id: MicrographId) -> tuple[Tensor, Tensor, dict[str, str], bool]:
        """Thinned features (1, 1 + G², D), pooled (2 D,), slot values, whether calibrated."""
        if micrograph_id not in self._seen:
            view = self._pictures.view(micrograph_id)
            features = self._plain._look(view).features
            values = fact_slots(view.facts, view.calibration)
            self._seen[micrograph_id] = (
                self._core.encoder.thin(features),
                pooled(features)[0],
                values,
                view.calibration is not None,
            )
        return self._seen[micrograph_id]

    def _pieces(self) -> set[int]:
        """Every piece that an answer of the training part, or a category, is written with."""
        drawn = [d for example in self._examples.part("train") for d in both(example)]
        found = {k for d in drawn for k in self._answer(d)}
        for label in self._examples.labels:
            found |= set(self._encode(title_of(label)))
        return found

    def _told(self, example: Example) -> str:
        """The category that the decoder is told: the true one of what is learnt, else the one
        that is decided on, as when it answers."""
        if example.part == "train" and example.category in self._taught.labels:
            return example.category
        decided = self._taught.decide(self._look(example.micrograph_ids[-1])[1])
        return decided[0][0] if decided else ""

    def _answer(self, drawn: Drawn) -> list[int]:
        values = self._look(drawn.example.micrograph_ids[-1])[2]
        values = values | category_slots(drawn.example.category)
        most = min(self._config.longest_answer, self._core.config.max_text) - 1
        ids = self._encode(with_slots(drawn.answer, values))[:most]
        return [*ids, self._core.config.eos_token_id]

    def _encode(self, text: str) -> list[int]:
        if text not in self._ids:
            found = self._processor.tokenizer(text, add_special_tokens=False)["input_ids"]
            self._ids[text] = list(found)
        return self._ids[text]

    def _questions(self, questions: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Features (B, Q, 384) and mask (B, Q)."""
        for question in dict.fromkeys(questions):
            if question not in self._read:
                read = question_encoder().read([question])
                self._read[question] = read.features[0][read.mask[0]]
        rows = [self._read[question] for question in questions]
        longest = max(map(len, rows))
        features = torch.zeros(len(rows), longest, rows[0].shape[1])
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for k, row in enumerate(rows):
            features[k, : len(row)], mask[k, : len(row)] = row, True
        return features, mask


def _padded(rows: Sequence[Sequence[int]], value: int) -> Tensor:
    longest = max(1, *map(len, rows))
    return torch.tensor([[*row, *[value] * (longest - len(row))] for row in rows])
