"""The built-in sLAVA with an adapter that was trained on it.

Where the picture and the question are of the kind that was taught, the adapter's decoder writes
freely; everywhere else the model answers as if there were no adapter, and says so. So it does where
the adapter writes nothing: in a training of a few steps the end of an answer, which every answer
has, becomes likely at any place before the words do.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slava.domain import Ranked
from slava.errors import ModelError, ModelUnusable
from slava.retrieval.showing import question_for, title_of
from slava.vlm.backbone import Chunk, GenerationSettings, Message, Report, View
from slava.vlm.builtin_backbone import BuiltinBackbone, Look, _questions, _shown
from slava.vlm.classify import SURE, Ranking
from slava.vlm.slava_model.language.phrases import CATEGORY
from slava.vlm.slava_model.language.slots import fact_slots
from slava.vlm.slava_model.language.understand import shorten
from slava.vlm.slava_model.question_encoder import question_encoder
from slava.vlm.slava_model.taught import (
    Taught,
    category_slots,
    taught_tokens,
    with_slots,
)
from slava.vlm.slava_model.vision import pooled
from slava.vlm.slava_model.words import TaughtWords, load_words, without_words
from slava.vlm.slava_model.writing import Chooser, Sampling, spoken

PLAIN_NOTICE = (
    "Answered without the adapter: the micrograph or the question is unlike what it was taught."
)

EMPTY_NOTICE = (
    "Answered without the adapter: it wrote nothing. It was trained too briefly; train it longer."
)


class AdaptedBuiltin(BuiltinBackbone):
    """A :class:`~slava.vlm.backbone.Backbone`: the built-in model and one adapter.

    Made of a loaded built-in model, which is changed in place: use :meth:`plain` instead of it
    where answers without the adapter are wanted.
    """

    def __init__(
        self,
        base: BuiltinBackbone,
        adapted: Any,
        taught: Taught,
        words: TaughtWords,
        name: str = "",
    ) -> None:
        super().__init__(base._open(), base._processor, base._quantization)
        self._adapted, self._taught, self._words, self._name = adapted, taught, words, name
        self._looks = base._looks  # what is seen does not depend on the adapter
        self._features: dict[str, Tensor] = {}

    @classmethod
    def load_adapter(cls, base: BuiltinBackbone, folder: Path) -> AdaptedBuiltin:
        """Put the adapter of ``folder`` on a loaded built-in model.

        Raises
        ------
        ModelUnusable
            If it is none for this model.
        """
        from slava.adapters import load_adapter

        taught = Taught.load(folder)
        try:
            adapted = load_adapter(base._open(), folder)
        except (OSError, ValueError, KeyError, RuntimeError, TypeError) as error:
            raise ModelUnusable(
                f"the adapter in {folder} does not fit the built-in model: {error}. "
                "Train it again with this version of sLAVA."
            ) from error
        adapted.eval()
        words = load_words(base._open(), taught.word_ids, taught.word_rows)
        return cls(base, adapted, taught, words, str(taught.notes.get("name", "")) or folder.name)

    @property
    def taught(self) -> Taught:
        """Where the adapter answers."""
        return self._taught

    def report(self) -> Report:
        """What it is, the adapter named."""
        told = super().report()
        return replace(told, name=f"{told.name} with {self._name}" if self._name else told.name)

    @contextmanager
    def plain(self) -> Iterator[None]:
        """Within the block the adapter adds nothing."""
        with self._adapted.disable_adapter(), without_words(self._words):
            yield

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer to the last user message; see :class:`~slava.vlm.backbone.Backbone`."""
        question, earlier = _questions(messages)
        views = _shown(messages, micrographs)
        if not views or not self.answers(question, views[-1]):
            with self.plain():
                yield Chunk("", 0, notice=PLAIN_NOTICE if views else "")
                yield from super().stream(messages, micrographs, settings, stop)
            return
        detailed = self._understand(question, earlier).detailed
        written, said = 0, False
        for text in self._free(question, views[-1], detailed, settings):
            if stop is not None and stop.is_set():
                yield Chunk("", 0, "stopped")
                return
            yield Chunk(text)
            written += 1
            said = said or bool(text.strip())
        if not said:
            with self.plain():
                yield Chunk("", 0, notice=EMPTY_NOTICE)
                yield from super().stream(messages, micrographs, settings, stop)
            return
        yield Chunk("", 0, "length" if written >= settings.max_new_tokens else "end")

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood of each candidate, shape (len(candidates),)."""
        views = _shown(messages, micrographs)
        question, _ = _questions(messages)
        if not views or not self.answers(question, views[-1]):
            with self.plain():
                return super().score(messages, micrographs, candidates)
        return self._taught_scores(question, views[-1], candidates)

    def rank_categories(self, view: View) -> Ranking:
        """Rank the classes of the nanomaterials pack: by the adapter where it was taught them."""
        labels = self._taught.labels
        known = set(CATEGORY)
        question = question_for(labels)
        if not labels or not set(labels) <= known or not self.answers(question, view):
            with self.plain():
                return super().rank_categories(view)
        ranked = tuple(Ranked(label, p) for label, p in self._taught.decide(self._feature(view)))
        rest = tuple(Ranked(label, 0.0) for label in CATEGORY if label not in labels)
        return Ranking((*ranked, *rest), ranked[0].probability < SURE)

    def answers(self, question: str, view: View) -> bool:
        """Whether the adapter was taught to answer ``question`` about ``view``."""
        if not self._taught.knows_picture(self._feature(view)):
            return False
        text = shorten(question)
        intent = self._judge([text])[0][0]
        sentence = question_encoder().read([text]).sentence[0]
        return self._taught.knows_question(sentence, intent)

    def close(self) -> None:
        """Give the memory back."""
        super().close()
        self._adapted = None
        self._features.clear()

    # -------------------------------------------------------------------------------- answer
    def _free(
        self, question: str, view: View, detailed: bool, settings: GenerationSettings
    ) -> Iterator[str]:
        memory, values = self._taught_memory(question, view, detailed)
        choose = Chooser(None, Sampling(settings.temperature, settings.top_p, settings.seed))
        ids = self._open().write(memory, choose, settings.max_new_tokens)
        yield from spoken(ids, self._vocabulary, values)

    @torch.no_grad()
    def _taught_memory(
        self, question: str, view: View, detailed: bool
    ) -> tuple[Tensor, dict[str, str]]:
        """What the decoder looks at, (1, M, D), and the values of its slots."""
        decided = self._taught.decide(self._feature(view))
        label = decided[0][0] if decided else ""
        values = fact_slots(view.facts, view.calibration)
        told = taught_tokens(detailed, view.calibration is not None, values, label)
        read = question_encoder().read([shorten(question)])
        memory = self._open().encoder(
            image_features=self._look(view).features,
            question_features=read.features,
            question_mask=read.mask,
            auxiliary_ids=self._processor.ids([told]),
        )[0]
        return memory, values | category_slots(label)

    @torch.no_grad()
    def _taught_scores(
        self, question: str, view: View, candidates: Sequence[str]
    ) -> NDArray[np.float64]:
        """By the one decision where all candidates are taught categories, else by the decoder."""
        titles = {_folded(title_of(label)): label for label in self._taught.labels}
        named = [titles.get(_folded(text)) for text in candidates]
        if candidates and all(named):
            p = dict(self._taught.decide(self._feature(view)))
            return np.log(np.array([max(p[label], 1e-9) for label in named if label]))
        model = self._open()
        memory, values = self._taught_memory(question, view, False)
        scores = []
        for text in candidates:
            ids = self._processor.ids([with_slots(text, values)])
            ids = ids[:, : model.config.max_text - 1]
            labels = torch.cat([ids, torch.tensor([[model.config.eos_token_id]])], 1)
            out = model(encoder_outputs=(memory,), labels=labels)
            if out.loss is None:
                raise ModelError("the built-in model gave no likelihood. Load it again.")
            scores.append(-float(out.loss) * labels.shape[1])
        return np.array(scores)

    def _feature(self, view: View) -> Tensor:
        """Pooled features (D,) of the first look."""
        look: Look = self._look(view)
        if look.digest not in self._features:
            while len(self._features) > 64:
                self._features.pop(next(iter(self._features)))
            self._features[look.digest] = pooled(look.features)[0]
        return self._features[look.digest]


def _folded(text: str) -> str:
    return " ".join(text.replace("_", " ").split()).strip(" .").lower()
