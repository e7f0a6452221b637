"""A test set, who answered it, and what is made of the answers.

It must not know how models are asked, how answers are kept, nor how results are shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NewType

from slava.domain.conversation import ContextLevel, Quantization
from slava.domain.micrograph import MicrographId
from slava.domain.pair import PairKind

ItemId = NewType("ItemId", str)
AnswerKey = NewType("AnswerKey", str)
EvaluationId = NewType("EvaluationId", str)

GIVEN = "given:"
"""How references of answers that came with a test set begin."""

Complexity = Literal["", "simple", "complex"]

MeasureName = Literal["text", "grounded", "category", "defect", "quantity", "reliance", "judged"]
"""``text``: BLEU, ROUGE, METEOR against the reference. ``grounded``: numbers against calibration
and facts, invented elements and scale. ``category``, ``defect``: against labels. ``quantity``:
the number asked for, within a fifth. ``reliance``: does the answer change with the micrograph.
``judged``: by a judge model, and by people."""

ContextWay = Literal["facts", "attributes"]
"""Where context comes from: ``facts`` are given beside the question, as in Analyse; ``attributes``
stand in the question, none to three of them, as in GlassLLaVA's context assessment."""


@dataclass(frozen=True, slots=True)
class TestItem:
    """One question of a test set, about one micrograph, with what is known of its answer."""

    __test__ = False  # pytest takes the name for a test case

    id: ItemId
    """Content hash (32 hex digits) of everything below but ``given``."""
    micrograph_id: MicrographId
    question: str
    reference: str = ""
    """What was hoped for; empty where only a label or a number is known."""
    kind: PairKind = "vqa"
    topic: str = ""
    """The aspect or the kind of question; figures are shown by it."""
    complexity: Complexity = ""
    category: str = ""
    """The label of the micrograph."""
    classes: tuple[str, ...] = ()
    """For ``classification``: the labels to choose from."""
    defect: bool | None = None
    """Whether there is a defect, as far as people have said."""
    quantity: str = ""
    """The number that is asked for, with its unit: ``24 µm``, ``5``."""
    teacher: str = ""
    """The model that wrote the reference; empty for people."""
    given: Mapping[str, str] = field(default_factory=dict)
    """Answers of other systems that came with the test set, by their names."""


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """Who answers: a model, a model with an adapter, or answers that came with the test set."""

    title: str
    """Short, and unique within an evaluation."""
    reference: str
    """``builtin``, a folder, a repository id, ``URL#model``; ``given:NAME`` for given answers."""
    quantization: Quantization = "none"
    adapter: str = ""
    """Id of the adapter in the workspace; empty for none."""
    identity: str = ""
    """Content hash of weights and adapter, as far as they can be known."""
    served: str = ""
    """Hash of what its server reported of it when it was asked first; empty for what is not
    served, or where a server tells no more than a name."""

    @property
    def is_given(self) -> bool:
        """Whether nothing is asked: the answers came with the test set."""
        return self.reference.startswith(GIVEN)

    @property
    def given_name(self) -> str:
        """Under which name its answers came with the test set; empty where it is asked."""
        return self.reference.removeprefix(GIVEN) if self.is_given else ""


@dataclass(frozen=True, slots=True)
class JudgeChoice:
    """Who judges, and how often."""

    url: str
    model: str
    measures: tuple[str, ...] = ("overall_quality",)
    """Of :data:`slava.metrics.judge_prompts.RANGES`."""
    repeats: int = 1
    cap_usd: float | None = None


@dataclass(frozen=True, slots=True)
class EvaluationSpec:
    """What is asked of whom and how; with the test set and the models it decides every result."""

    models: tuple[ModelEntry, ...]
    measures: tuple[MeasureName, ...]
    dataset: str
    """Where the test set came from, in words."""
    dataset_id: str
    """SHA-256 over the ids of its items, in their order."""
    levels: tuple[ContextLevel, ...] = ("high",)
    way: ContextWay = "facts"
    max_new_tokens: int = 256
    seed: int = 0
    pack: str = "nanomaterials"
    judge: JudgeChoice | None = None
    again: int = 0
    """Above 0 everything is asked anew; the same number finds the same answers."""


@dataclass(frozen=True, slots=True)
class Answered:
    """One answer, kept under the hash of all that it depends on."""

    key: AnswerKey
    """SHA-256 of model, adapter, pixels, context, question and generation settings."""
    answer: str
    seconds: float = 0.0
    tokens: int = 0
    error: str = ""
    """Why there is none; such an answer is asked for again by the next run."""
    ranked: tuple[tuple[str, float], ...] = ()
    """For ``classification``: labels with probabilities, most probable first."""
    context: str = ""
    """The text that the model was told besides the question."""
    asked: str = ""
    """The question as it was asked, with the attributes of its level."""
    notices: tuple[str, ...] = ()
    """What must be known of it: cut at the longest answer, given without the adapter."""


@dataclass(frozen=True, slots=True)
class TestSet:
    """A frozen set of questions as it is listed."""

    __test__ = False

    id: str
    """SHA-256 over the ids of its items, in their order."""
    name: str
    source: str
    """Where it came from, in words."""
    count: int
    created_at: str
    notes: tuple[str, ...] = ()
    """What was left out when it was made."""


@dataclass(frozen=True, slots=True)
class PersonScore:
    """What a person gave an answer, without knowing whose it is. Scores are only ever added."""

    key: AnswerKey
    measure: str
    person: str
    score: float | None
    """In the range of the measure; ``None`` is "not applicable"."""
    comment: str = ""
    scored_at: str = ""


EvaluationState = Literal["running", "done", "cancelled", "failed", "interrupted"]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One evaluation as it is listed."""

    id: EvaluationId
    """Content hash (12 hex digits) of its spec: the same again is the same evaluation."""
    name: str
    spec: EvaluationSpec
    state: EvaluationState
    done: int
    """Answers that are there. So many are wanted:"""
    total: int
    created_at: str
    reason: str = ""
    """Why it did not end as wished."""
