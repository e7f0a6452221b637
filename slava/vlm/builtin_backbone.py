"""The built-in sLAVA behind the model seam: what a fresh machine answers with.

A question becomes intents (router over a frozen sentence encoder), the micrograph one decision
(attribute heads), the two an answer (decoder), whose numbers are copied from measured facts.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from slava.domain import Ranked
from slava.domain.conversation import Quantization
from slava.errors import ModelError
from slava.vlm.backbone import Chunk, GenerationSettings, Message, Report, Seen, View
from slava.vlm.classify import Ranking
from slava.vlm.slava_model.decision import (
    Decision,
    certainty_of,
    decide,
    with_measured_coverage,
)
from slava.vlm.slava_model.language.answers import wordings
from slava.vlm.slava_model.language.ask import Ask
from slava.vlm.slava_model.language.intents import STYLES
from slava.vlm.slava_model.language.phrases import CATEGORY
from slava.vlm.slava_model.language.replies import NO_MICROGRAPH, NOTICE, REPLIES
from slava.vlm.slava_model.language.understand import Part, Understood, understand
from slava.vlm.slava_model.load import WEIGHTS, held_bytes, load_model
from slava.vlm.slava_model.looking import looks
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.processing import SlavaProcessor
from slava.vlm.slava_model.question_encoder import question_encoder
from slava.vlm.slava_model.slot_values import slot_values
from slava.vlm.slava_model.writing import Chooser, Sampling, Vocabulary, spoken

KEPT_DECISIONS = 32
_HALF_IS_FAST = bool(getattr(torch.cpu, "_is_amx_tile_supported", bool)())
"""Only processors with matrix units see faster in bfloat16; others would be slower."""


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """A micrograph as the model took it in, and what it decided."""

    features: Tensor
    """(1, 1 + N, D_v), of the first look, for the decoder."""
    decision: Decision
    digest: str


class BuiltinBackbone:
    """A :class:`~slava.vlm.backbone.Backbone`, and a classifier of the nanomaterials pack.

    ``guarded``: the decoder is kept within the wordings that its decision allows. ``chosen`` and
    ``overruled`` count tokens since loading.
    """

    def __init__(
        self,
        model: SlavaForConditionalGeneration,
        processor: SlavaProcessor,
        quantization: Quantization = "none",
        *,
        guarded: bool = True,
    ) -> None:
        self._guarded = guarded
        self.chosen = self.overruled = 0
        self._model: SlavaForConditionalGeneration | None = model
        self._processor = processor
        self._quantization = quantization
        self._vocabulary = Vocabulary(processor.tokenizer)
        self._looks: OrderedDict[str, Look] = OrderedDict()

    @classmethod
    def load(
        cls,
        quantization: Quantization = "none",
        weights: Path | None = None,
        *,
        guarded: bool = True,
    ) -> BuiltinBackbone:
        """Load the model in the package, or that of another folder ``weights``.

        Raises
        ------
        ModelUnusable
            If the folder holds no such model.
        """
        model, processor = load_model(weights or WEIGHTS, quantization)
        question_encoder()
        return cls(model, processor, quantization, guarded=guarded)

    def report(self) -> Report:
        """What it is, and the memory it holds now."""
        model = self._open()
        reader = question_encoder().parameters
        return Report(
            id="builtin",
            name="sLAVA (built-in)",
            kind="builtin",
            quantization=self._quantization,
            device="cpu",
            parameters=model.num_parameters() + reader,
            memory_bytes=held_bytes(model) + 4 * reader,
            max_micrographs=4,
            context_tokens=None,
            can_score=True,
            licence="Apache-2.0",
            notice=NOTICE,
        )

    def seen(self, view: View, settings: GenerationSettings) -> Seen:  # noqa: ARG002
        """The size at which it takes every picture in."""
        config = self._open().config
        side = config.vision_config.size_px
        return Seen(side, side, config.image_tokens)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        """Yield the answer to the last user message; see :class:`~slava.vlm.backbone.Backbone`."""
        question, earlier = _questions(messages)
        asked = self._understand(question, earlier)
        pieces = self._pieces(asked, _shown(messages, micrographs), settings)
        left = settings.max_new_tokens
        for text in pieces:
            if stop is not None and stop.is_set():
                yield Chunk("", 0, "stopped")
                return
            yield Chunk(text)
            left -= 1
            if left <= 0:
                yield Chunk("", 0, "length")
                return
        yield Chunk("", 0, "end")

    def score(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        candidates: Sequence[str],
    ) -> NDArray[np.float64]:
        """Log-likelihood of each candidate, shape (len(candidates),).

        Category names are scored by the classification, so that both agree.
        """
        views = _shown(messages, micrographs)
        if not views:
            raise ModelError(NO_MICROGRAPH)
        named = [_category_named(text) for text in candidates]
        if candidates and all(named):
            p = dict(self._look(views[-1]).decision.categories)
            return np.log(np.array([max(p.get(n, 0.0), 1e-9) for n in named if n]))
        question, earlier = _questions(messages)
        part = self._understand(question, earlier).parts[0]
        return self._likelihoods(part, views[-1], candidates)

    def rank_categories(self, view: View) -> Ranking:
        """Rank the classes of the nanomaterials pack for ``view``."""
        decision = self._look(view).decision
        ranked = tuple(Ranked(label, p) for label, p in decision.categories)
        return Ranking(ranked, decision.abstained)

    def decision(self, view: View) -> Decision:
        """The one decision on ``view`` that every answer about it follows."""
        return with_measured_coverage(self._look(view).decision, view.facts)

    def close(self) -> None:
        """Give the memory back."""
        self._model = None
        self._looks.clear()

    # ------------------------------------------------------------------ question and picture
    def _open(self) -> SlavaForConditionalGeneration:
        if self._model is None:
            raise ModelError("the built-in model was closed. Load it again.")
        return self._model

    def _understand(self, question: str, earlier: Sequence[str]) -> Understood:
        return understand(question, earlier, self._judge)

    @torch.no_grad()
    def _judge(self, questions: Sequence[str]) -> list[tuple[str, float]]:
        model = self._open()
        known = certainty_of(model.config)
        logits = model.router(question_encoder().read(questions).sentence)  # (B, intents)
        p, best = (logits.float() / known["intent_temperature"]).softmax(-1).max(-1)
        names = model.config.intents
        sure = known["intent_above"]
        return [
            (names[k] if q >= sure else "unknown", q)
            for q, k in zip(p.tolist(), best.tolist(), strict=True)
        ]

    @torch.no_grad()
    def _look(self, view: View) -> Look:
        digest = hashlib.blake2b(view.pixels.tobytes(), digest_size=16).hexdigest()
        if digest in self._looks:
            self._looks.move_to_end(digest)
            return self._looks[digest]
        model = self._open()
        pixels = self._processor.image_processor(looks(view.pixels))["pixel_values"]
        with torch.autocast("cpu", torch.bfloat16, enabled=_HALF_IS_FAST):
            features = model.encoder.features(pixels)  # (V, 1 + N, D_v)
        features = features.float()
        look = Look(features[:1], decide(model, features), digest)
        self._looks[digest] = look
        while len(self._looks) > KEPT_DECISIONS:
            self._looks.popitem(last=False)
        return look

    # ------------------------------------------------------------------------------- answer
    def _pieces(
        self, asked: Understood, views: Sequence[View], settings: GenerationSettings
    ) -> Iterator[str]:
        """The answer's pieces of text, one per token."""
        for k, part in enumerate(asked.parts):
            if k:
                yield "\n\n"
            if part.intent in REPLIES:
                yield from _by_word(REPLIES[part.intent])
            elif not views:
                yield from _by_word(NO_MICROGRAPH)
            elif part.intent == "comparison" and len(views) > 1:
                yield from self._side_by_side(part, views, settings)
            else:
                yield from self._decoded(part, views[-1], asked.detailed, settings)

    def _side_by_side(
        self, part: Part, views: Sequence[View], settings: GenerationSettings
    ) -> Iterator[str]:
        described = replace(part, intent="caption")
        for k, view in enumerate(views, 1):
            yield f"Micrograph {k}: " if k == 1 else f"\n\nMicrograph {k}: "
            yield from self._decoded(described, view, False, settings)

    def _decoded(
        self, part: Part, view: View, detailed: bool, settings: GenerationSettings
    ) -> Iterator[str]:
        ask, values = self._ask(part, view, detailed, settings)
        memory = self._memory(part, view, ask)
        sampling = Sampling(settings.temperature, settings.top_p, settings.seed)
        allowed = self._vocabulary.ids(wordings(ask)) if self._guarded else None
        choose = Chooser(allowed, sampling)
        ids = self._open().write(memory, choose, settings.max_new_tokens)
        try:
            yield from spoken(ids, self._vocabulary, values)
        finally:
            self.chosen += choose.chosen
            self.overruled += choose.overruled

    def _ask(
        self, part: Part, view: View, detailed: bool, settings: GenerationSettings
    ) -> tuple[Ask, dict[str, str]]:
        decision = self.decision(view)
        values = slot_values(decision, view)
        style = _style(part.text, self._look(view).digest, settings)
        ask = Ask(
            part.intent,
            decision.traits,
            frozenset(values),
            view.calibration is not None,
            detailed,
            style,
        )
        return ask, values

    @torch.no_grad()
    def _memory(self, part: Part, view: View, ask: Ask) -> Tensor:
        """What the decoder looks at: (1, M, D)."""
        read = question_encoder().read([part.text])
        told = self._processor.ids(["".join(ask.tokens)])
        return self._open().encoder(
            image_features=self._look(view).features,
            question_features=read.features,
            question_mask=read.mask,
            auxiliary_ids=told,
        )[0]

    @torch.no_grad()
    def _likelihoods(
        self, part: Part, view: View, candidates: Sequence[str]
    ) -> NDArray[np.float64]:
        model = self._open()
        if part.intent in REPLIES:
            part = replace(part, intent="caption")
        ask, _ = self._ask(part, view, False, GenerationSettings())
        memory = self._memory(part, view, ask)
        scores = []
        for text in candidates:
            ids = self._processor.ids([text])[:, : model.config.max_text - 1]
            labels = torch.cat([ids, torch.tensor([[model.config.eos_token_id]])], 1)
            out = model(encoder_outputs=(memory,), labels=labels)
            scores.append(-float(out.loss) * labels.shape[1])
        return np.array(scores)


def _questions(messages: Sequence[Message]) -> tuple[str, list[str]]:
    """The last user message, and the user's earlier ones."""
    texts = [m.text for m in messages if m.role == "user"]
    if not texts:
        raise ModelError("there is no question among the messages.")
    return texts[-1], texts[:-1]


def _shown(messages: Sequence[Message], micrographs: Sequence[View]) -> list[View]:
    """The views that the last message with micrographs shows."""
    for message in reversed(messages):
        if message.micrographs:
            return [micrographs[k] for k in message.micrographs]
    return list(micrographs)


def _by_word(text: str) -> Iterator[str]:
    """``text`` word by word, each with the space before it."""
    for k, word in enumerate(text.split(" ")):
        yield word if k == 0 else f" {word}"


def _style(question: str, digest: str, settings: GenerationSettings) -> int:
    """Which wording: the same for the same question, micrograph and seed."""
    told = f"{question}|{digest}|{settings.seed}|{settings.temperature > 0}"
    return hashlib.blake2b(told.encode(), digest_size=2).digest()[0] % STYLES


def _category_named(text: str) -> str | None:
    """The category that ``text`` names by its label or its title."""
    plain = text.strip().strip(".").lower().replace(" ", "_")
    titles = {w.label.lower().replace(" ", "_"): label for label, w in CATEGORY.items()}
    return plain if plain in CATEGORY else titles.get(plain)
