"""Any Hugging Face image-text-to-text backbone as a learner, plain or quantized.

Prompts are those of the app, to the token; only the answer and the end of its turn are learnt.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812

from slava.adapters import load_adapter, make_adapter
from slava.vlm.backbone import Backbone, GenerationSettings, Message, View
from slava.vlm.scoring import continuations, extend, trim
from slava.vlm.transformers_backbone import TransformersBackbone
from training.finetune.collate import joined
from training.finetune.config import TrainConfig
from training.finetune.examples import Drawn, Example, Examples
from training.finetune.eye import remember_pictures
from training.finetune.learner import PUBLISHED, Losses, Prepared
from training.finetune.pictures import Pictures
from training.finetune.talk import messages_for


class ChatLearner:
    """A :class:`~training.finetune.learner.Learner`."""

    def __init__(
        self, config: TrainConfig, examples: Examples, pictures: Pictures, device: str
    ) -> None:
        self._config, self._examples, self._pictures = config, examples, pictures
        self._plain = TransformersBackbone.load(
            config.backbone, quantization=config.quantization, device=device
        )
        self._core = self._plain._model
        self.model: Any = make_adapter(self._core, config.adapter())
        self._settings = GenerationSettings(
            max_new_tokens=config.longest_answer, max_image_tokens=config.image_tokens
        )
        self._keeps_logits = "logits_to_keep" in inspect.signature(self._core.forward).parameters
        remember_pictures(self._core)
        wanted = config.gradient_checkpointing
        if wanted or (wanted is None and device.startswith("cuda")):
            self._core.activation_checkpointing_enable({"use_reentrant": False})

    # ------------------------------------------------------------------------------ learning
    def prepare(self, drawn: Sequence[Drawn]) -> Prepared:
        """Prompt and answer of each, padded at the left so that all answers end together; one
        by one where the family's pictures cannot be put side by side."""
        singles = [self._single(d) for d in drawn]
        tokens = sum(count for _, count in singles)
        pad = self._plain._prompter.tokenizer.pad_token_id or 0
        return Prepared(joined(singles, pad), len(drawn), tokens)

    def _single(self, drawn: Drawn) -> tuple[dict[str, Tensor], int]:
        messages, views = self.asked(drawn)
        prompt = self._plain._prompter.prepare(messages, views, self._settings)
        parts = continuations(
            self._plain._prompter.tokenizer,
            prompt.text,
            [drawn.answer],
            self._plain._turn_end(messages),
        )
        answer = parts.tokens[0]
        if len(answer) > self._config.longest_answer:
            answer = answer[: self._config.longest_answer]
        inputs = {k: v for k, v in prompt.inputs.items() if isinstance(v, Tensor)}
        return extend(trim(inputs, parts.removed), answer), len(answer)

    def losses(self, prepared: Prepared) -> Losses:
        """Language modelling of the answers."""
        summed = None
        for inputs, counts in prepared.inputs:
            loss = self._loss(self._plain._placed(inputs), counts)
            summed = loss if summed is None else summed + loss
        if summed is None:
            raise ValueError("an empty micro-batch")
        return Losses(summed, prepared.tokens)

    def _loss(self, inputs: dict[str, Any], counts: Sequence[int]) -> Tensor:
        """Nats summed over the last ``counts`` tokens of each row."""
        said, wanted = self._answers(inputs, counts)
        return F.cross_entropy(
            said.flatten(0, 1), wanted.flatten(), ignore_index=-100, reduction="sum"
        )

    def said(self, prepared: Prepared) -> Tensor:
        """Logits (T, vocabulary) of the answers' tokens."""
        found = []
        for inputs, counts in prepared.inputs:
            said, wanted = self._answers(self._plain._placed(inputs), counts)
            found.append(said[wanted != -100])
        return torch.cat(found)

    def _answers(self, inputs: dict[str, Any], counts: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Logits (B, L, vocabulary) of the last tokens, and the tokens (B, L), -100 elsewhere."""
        longest = max(counts)
        kept = {"logits_to_keep": longest + 1} if self._keeps_logits else {}
        logits = self._core(**inputs, **kept, use_cache=False).logits
        ids = inputs["input_ids"]
        wanted = ids[:, -longest:].clone()  # (B, longest)
        for row, count in enumerate(counts):
            wanted[row, : longest - count] = -100
        return logits[:, -longest - 1 : -1].float(), wanted

    def length(self, example: Example) -> int:
        """Characters of the longer answer and of all questions before it."""
        earlier = sum(len(q) + len(a) for q, a in example.earlier)
        pictures = 2000 * len(example.micrograph_ids)
        return max(len(example.answer), len(example.detailed)) + earlier + pictures

    def pace_of(self, name: str) -> float:  # noqa: ARG002
        """All alike."""
        return 1.0

    def parameters(self) -> int:
        """Of the base."""
        return self._plain.report().parameters or 0

    @property
    def licence(self) -> str:
        return self._plain.report().licence

    # ----------------------------------------------------------------------------- answering
    def asked(self, drawn: Drawn) -> tuple[list[Message], list[View]]:
        """The question as the app puts it."""
        return messages_for(drawn, self._examples.labels, self._pictures)

    def backbone(self) -> Backbone:
        """As it answers in the app."""
        return self._plain

    @contextmanager
    def base(self) -> Iterator[Backbone]:
        """Without the adapter."""
        with self.model.disable_adapter():
            yield self._plain

    def take_up(self, folder: Path) -> None:
        """Its weights."""
        load_adapter(self.model, folder, name=PUBLISHED)
        self.model.set_adapter(PUBLISHED)

    def write_extras(self, folder: Path) -> None:
        """Nothing: PEFT's own files say all."""
