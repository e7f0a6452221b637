"""Train the text towers of the built-in model on frozen, cached features of drawn micrographs.

Language modelling and image-text matching together, a fixed number of steps from a fixed seed.
What is told beside the picture is sometimes the truth about it, sometimes about another one (the
answer then follows what was told: one decision, one answer), sometimes nothing (the answer must
then come from the picture).
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812
from torch.nn.attention import SDPBackend, sdpa_kernel

from slava.synthetic.truth import FLAGS, MORPHOLOGIES, WORDS
from slava.vlm.slava_model.language.answers import answer
from slava.vlm.slava_model.language.ask import SLOTS_OF, Ask
from slava.vlm.slava_model.language.intents import DECODED, STYLES
from slava.vlm.slava_model.language.slots import SLOTS
from slava.vlm.slava_model.language.traits import UNTOLD, Traits
from slava.vlm.slava_model.modeling import SlavaForConditionalGeneration
from slava.vlm.slava_model.question_encoder import question_encoder
from training.builtin.dataset import VOCABULARIES
from training.builtin.questions import question_bank

Encode = Callable[[str], list[int]]

OFTEN = {"caption": 3.0, "category": 1.5, "defect": 1.5, "basics": 1.5, "size": 1.5}
"""Weight of an intent in training; 1 where not named."""
SURE_SHARE, OTHER_SHARE, UNTOLD_SHARE = 0.85, 0.3, 0.15
UNTRUE_TRIES = 20
"""Other drawings that are tried until one is described in other words."""


@dataclass(frozen=True, slots=True)
class TextConfig:
    """One training of the text towers."""

    steps: int = 2400
    batch: int = 48
    learning_rate: float = 2e-3
    seed: int = 0
    match_every: int = 1
    match_batch: int = 64
    questions: int | None = None
    """Questions per intent that are read; all when not given."""


@dataclass(frozen=True, slots=True, eq=False)
class Pictures:
    """Cached features (n, 1 + G², D_v) in half precision, and the labels of the same drawings."""

    features: Tensor
    labels: NDArray[np.int64]

    def traits(self, row: int, *, sure: bool = True) -> Traits:
        """The true traits of one drawing."""
        return traits_of(self.labels[row], sure=sure)


def traits_of(labels: NDArray[np.int64], *, sure: bool = True) -> Traits:
    """A row of labels in words."""
    said = {name: VOCABULARIES[name][k] for name, k in zip(VOCABULARIES, labels, strict=True)}
    words = {name: said[name] for name in WORDS}
    flags = {name: said[name] == "yes" for name in FLAGS}
    return Traits(**words, **flags, sure=sure)


class QuestionFeatures:
    """Features of every question of the bank, read once."""

    def __init__(self, questions: dict[str, tuple[str, ...]], batch: int = 64) -> None:
        self.questions = questions
        every = sorted({q for listed in questions.values() for q in listed}, key=len)
        self._features: dict[str, Tensor] = {}
        for start in range(0, len(every), batch):
            part = every[start : start + batch]
            read = question_encoder().read(part)
            for q, features, mask in zip(part, read.features, read.mask, strict=True):
                self._features[q] = features[mask].half()

    def stack(self, questions: list[str]) -> tuple[Tensor, Tensor]:
        """Features (B, Q, 384) and mask (B, Q)."""
        rows = [self._features[q] for q in questions]
        longest = max(map(len, rows))
        features = torch.zeros(len(rows), longest, rows[0].shape[1])
        mask = torch.zeros(len(rows), longest, dtype=torch.bool)
        for k, row in enumerate(rows):
            features[k, : len(row)], mask[k, : len(row)] = row.float(), True
        return features, mask


@dataclass(frozen=True, slots=True)
class Sample:
    """One question about one picture, and the ids of its answer."""

    row: int
    question: str
    told: list[int]
    answer: list[int]


def draw_ask(traits: Traits, rng: random.Random, intent: str | None = None) -> Ask:
    """A question's circumstances by lot: length, wording, what is known, whether calibrated."""
    weights = [OFTEN.get(name, 1.0) for name in DECODED]
    chosen = intent or rng.choices(DECODED, weights)[0]
    calibrated = rng.random() < 0.6
    share = rng.choice((0.0, 0.5, 0.9))
    known = {s for s in sorted(SLOTS_OF.get(chosen, ())) if rng.random() < share}
    if not traits.sure:
        known |= {"FIRST", "SECOND", "THIRD"}
    if calibrated:
        known |= {"PIXEL_SIZE", "SOURCE"}
    else:
        known -= {"PIXEL_SIZE", "FIELD_WIDTH", "SOURCE"}
    return Ask(
        chosen,
        traits,
        frozenset(known & set(SLOTS)),
        calibrated,
        rng.random() < 0.4,
        rng.randrange(STYLES),
    )


def draw_traits(rng: random.Random) -> Traits:
    """Traits by lot, of no picture; the shape belongs to the category."""
    words = {name: rng.choice(listed) for name, listed in WORDS.items()}
    words["morphology"] = rng.choice(MORPHOLOGIES[words["category"]])
    flags = {name: rng.random() < 0.2 for name in FLAGS}
    return Traits(**words, **flags, sure=rng.random() < SURE_SHARE)  # type: ignore[arg-type]


def corpus(count: int, seed: int = 0) -> Iterator[str]:
    """Answers to learn the tokenizer's pieces from."""
    rng = random.Random(seed)
    for _ in range(count):
        yield answer(draw_ask(draw_traits(rng), rng))


def _sample(
    pictures: Pictures, questions: QuestionFeatures, encode: Encode, eos: int, rng: random.Random
) -> Sample:
    row = rng.randrange(len(pictures.labels))
    lot = rng.random()
    traits = (
        draw_traits(rng)
        if lot < OTHER_SHARE
        else pictures.traits(row, sure=rng.random() < SURE_SHARE)
    )
    ask = draw_ask(traits, rng)
    told = ask.tokens
    if lot > 1 - UNTOLD_SHARE and traits.sure:
        told = tuple(UNTOLD if t in set(traits.tokens) else t for t in told)
    question = rng.choice(questions.questions[ask.intent])
    return Sample(row, question, encode("".join(told)), [*encode(answer(ask)), eos])


def _batches(
    pictures: Pictures,
    questions: QuestionFeatures,
    encode: Encode,
    eos: int,
    config: TextConfig,
) -> Iterator[list[Sample]]:
    """Endless batches of answers of like length."""
    rng = random.Random(config.seed)
    while True:
        pool = [_sample(pictures, questions, encode, eos, rng) for _ in range(32 * config.batch)]
        pool.sort(key=lambda s: len(s.answer))
        cuts = list(range(0, len(pool), config.batch))
        rng.shuffle(cuts)
        for start in cuts:
            yield pool[start : start + config.batch]


def pad(rows: list[list[int]], value: int = 0) -> Tensor:
    """Rows of ids as (B, L), filled at the right."""
    longest = max(1, *map(len, rows))
    return torch.tensor([row + [value] * (longest - len(row)) for row in rows])


def train_text(
    model: SlavaForConditionalGeneration,
    pictures: Pictures,
    encode: Encode,
    config: TextConfig,
    progress: Callable[[str], None] = print,
) -> None:
    """Train the text towers of ``model`` in place; its vision stays as it is."""
    torch.manual_seed(config.seed)
    asked = question_bank().asked
    questions = QuestionFeatures({name: asked[name][: config.questions] for name in DECODED})
    parameters = [p for n, p in model.named_parameters() if _learns(n)]
    optimizer = torch.optim.AdamW(
        parameters, lr=config.learning_rate, weight_decay=0.02, betas=(0.9, 0.98)
    )
    batches = _batches(pictures, questions, encode, model.config.eos_token_id, config)
    rng = random.Random(config.seed + 1)
    model.train()
    shown: dict[str, float] = {}
    began = time.monotonic()
    for step in range(config.steps):
        _set_rate(optimizer, step, config)
        batch = next(batches)
        with torch.autocast("cpu", dtype=torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
            losses = {"lm": _answer_loss(model, batch, pictures, questions)}
            if step % config.match_every == 0:
                losses["match"] = _match_loss(model, pictures, encode, config.match_batch, rng)
        optimizer.zero_grad(set_to_none=True)
        torch.stack(list(losses.values())).sum().backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        for name, loss in losses.items():
            shown[name] = shown.get(name, loss.item()) * 0.97 + loss.item() * 0.03
        if step % 100 == 0 or step == config.steps - 1:
            told = " ".join(f"{k} {v:.3f}" for k, v in shown.items())
            progress(
                f"text step {step} of {config.steps}: {told}, {time.monotonic() - began:.0f} s"
            )
    model.eval()


def _learns(name: str) -> bool:
    return not name.startswith(("encoder.vision", "heads", "router"))


def _set_rate(optimizer: torch.optim.Optimizer, step: int, config: TextConfig) -> None:
    """Warm up over 100 steps, then fall as a cosine to a fiftieth."""
    warm = min(1.0, (step + 1) / 100)
    fall = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / config.steps))
    for group in optimizer.param_groups:
        group["lr"] = config.learning_rate * warm * fall


def _answer_loss(
    model: SlavaForConditionalGeneration,
    batch: list[Sample],
    pictures: Pictures,
    questions: QuestionFeatures,
) -> Tensor:
    features, mask = questions.stack([s.question for s in batch])
    labels = pad([s.answer for s in batch], -100)
    logits = model(
        image_features=pictures.features[[s.row for s in batch]].float(),
        question_features=features,
        question_mask=mask,
        auxiliary_ids=pad([s.told for s in batch]),
        decoder_input_ids=_shifted(labels, model.config),
    ).logits
    return F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten(), ignore_index=-100)


def _shifted(labels: Tensor, config: object) -> Tensor:
    from slava.vlm.slava_model.modeling import shift_right

    return shift_right(labels, config)  # type: ignore[arg-type]


def describing(traits: Traits, rng: random.Random) -> str:
    """A sentence or two that describe a picture with these traits."""
    first = answer(Ask("caption", traits, style=rng.randrange(STYLES)))
    second = answer(
        Ask(
            rng.choice(("arrangement", "surface", "orientation", "coverage", "morphology")),
            traits,
            style=rng.randrange(STYLES),
        )
    )
    return f"{first} {second}"


def match_pairs(
    pictures: Pictures, count: int, rng: random.Random
) -> tuple[list[int], list[str], Tensor]:
    """Rows, texts and whether they belong together; half of the texts are of another picture.

    Half of those others are of the same category: the hard negatives.
    """
    rows = [rng.randrange(len(pictures.labels)) for _ in range(count)]
    texts = [
        _untrue(pictures, row, k % 4 == 1, rng) if k % 2 else describing(pictures.traits(row), rng)
        for k, row in enumerate(rows)
    ]
    return rows, texts, torch.tensor([float(k % 2 == 0) for k in range(count)])


def _untrue(pictures: Pictures, row: int, near: bool, rng: random.Random) -> str:
    """What is said of another drawing, in words that do not fit ``row`` as well."""
    text = ""
    for k in range(UNTRUE_TRIES):
        other = _other(pictures.labels, row, near and k < UNTRUE_TRIES // 2, rng)
        state = rng.getstate()
        true = describing(pictures.traits(row), rng)
        rng.setstate(state)
        text = describing(pictures.traits(other), rng)
        if text != true:
            break
    return text


def _other(labels: NDArray[np.int64], row: int, near: bool, rng: random.Random) -> int:
    """A drawing that differs from ``row``, of the same category where ``near`` and there is one."""
    differs = (labels != labels[row]).any(1)
    alike = labels[:, 0] == labels[row, 0]
    wanted = np.flatnonzero(differs & (alike == near))
    listed = wanted if len(wanted) else np.flatnonzero(differs)
    return int(listed[rng.randrange(len(listed))]) if len(listed) else row


def _match_loss(
    model: SlavaForConditionalGeneration,
    pictures: Pictures,
    encode: Encode,
    count: int,
    rng: random.Random,
) -> Tensor:
    rows, texts, right = match_pairs(pictures, count, rng)
    logit = model.match(pictures.features[rows].float(), pad([encode(t) for t in texts]))
    return F.binary_cross_entropy_with_logits(logit.float(), right)
