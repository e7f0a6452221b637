"""The free local drafter: pairs from measured facts, the label and what the local model sees.

Every statement comes from one of these three, and a pair says in ``drafting.parameters`` where
the model spoke. It reads no files, sends nothing, and drafts the same pairs again from the same
micrograph.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from slava.domain import Drafting, PairId, PairKind, QAPair
from slava.packs import Aspect, Pack
from slava.teacher.checks.text import sentences
from slava.teacher.local import around, measured
from slava.teacher.local import aspects as wording
from slava.teacher.local.aspects import CAPTION, CLASSIFY, FILL, Plan, plan_of
from slava.teacher.local.statements import TOPICS
from slava.teacher.local.told import Told, told_of
from slava.teacher.local.voice import Voice
from slava.teacher.pairs import conversation_id, with_id
from slava.teacher.subject import Subject
from slava.vlm.backbone import Backbone, View

TEACHER = "local"
CONCISE_SENTENCES = 2
MOST_SENTENCES = 9
"""Of a detailed answer."""


@dataclass(frozen=True, slots=True)
class Written:
    """An answer in two lengths."""

    concise: str
    detailed: str = ""
    from_model: bool = False


@dataclass(slots=True, eq=False)
class _Heap:
    """Sentences in order, each once."""

    said: dict[str, bool] = field(default_factory=dict)
    """Sentence to whether the model said it."""

    def add(self, texts: Iterable[str], from_model: bool = False) -> None:
        for text in texts:
            self.said.setdefault(text, from_model)

    def begin_with_a_noun(self) -> None:
        """Sentences before the first one may have been left out: “they” would mean nobody."""
        first, from_model = next(iter(self.said.items()))
        noun = first.replace("They ", "The structures ", 1) if first.startswith("They ") else first
        self.said = {noun: from_model, **{t: m for t, m in self.said.items() if t != first}}


def draft_locally(
    subject: Subject,
    pack: Pack,
    aspects: Sequence[Aspect] = (),
    backbone: Backbone | None = None,
    view: View | None = None,
) -> list[QAPair]:
    """Draft pairs about one micrograph: one per aspect, a caption, a category, a conversation.

    Parameters
    ----------
    subject
        The micrograph, its facts (:func:`slava.imaging.measure.facts_of`) and its label. Without
        a label, the category is the model's guess where it is sure, and worded as one.
    aspects
        Which aspects of ``pack``; all of them when empty.
    backbone, view
        A loaded local model and the micrograph as it is shown
        (:func:`slava.vlm.ask.make_view`). Without them, facts and label speak alone, and an
        aspect of which these say nothing gets no pair.

    Returns
    -------
    list of QAPair
        Pending drafts under their content hashes; the same input gives the same pairs.

    Raises
    ------
    ModelError
        As the backbone does.
    """
    voice = None
    if backbone is not None and view is not None:
        label = subject.category if subject.category in pack.labels else ""
        voice = Voice(backbone, view, pack, label)
    told = told_of(subject, pack, voice.guess() if voice else "")
    wanted = tuple(aspects) or pack.aspects
    pairs = [p for a in wanted if (p := _about(a, told, voice)) is not None]
    caption = _caption(told, voice)
    pairs += [caption] if caption else []
    pairs += _category(told)
    return pairs + _conversation(wanted, told.salted("conversation"), voice)


def prompt_version(pack: Pack) -> str:
    """Pack and version, and the hash of everything that words a local draft."""
    digest = hashlib.sha256(f"{_templates()}|{pack!r}".encode()).hexdigest()
    return f"{pack.id}/{pack.version}/local@{digest[:12]}"


@cache
def _templates() -> str:
    digest = hashlib.sha256()
    for module in (measured.__file__, around.__file__, wording.__file__, __file__):
        text = Path(module).read_text(encoding="utf-8")
        digest.update("\n".join(text.splitlines()).encode())
    return digest.hexdigest()


def drafting_of(told: Told, voice: Voice | None, from_model: bool) -> Drafting:
    """Where such a pair comes from. ``said_by_model`` says whether the model speaks in it."""
    calibration = told.subject.micrograph.calibration
    given = [f"{f.label}: {f.text}." for f in told.facts.values()]
    if calibration is None:
        given.insert(0, "The micrograph is not calibrated.")
    if told.category:
        by = "the model's guess" if told.from_model else "given by a person"
        given.append(f"Category: {told.category} ({by}).")
    used = from_model or told.from_model
    return Drafting(
        teacher=TEACHER,
        model=voice.name if voice and used else "",
        prompt_version=prompt_version(told.pack),
        parameters={"said_by_model": int(used)},
        facts=tuple(given),
    )


def _about(aspect: Aspect, told: Told, voice: Voice | None) -> QAPair | None:
    plan = plan_of(aspect)
    written = _write(plan, told, voice, aspect.question)
    if written is None:
        return None
    question, paraphrases = _wordings(aspect.question, plan, told, aspect.label)
    return _pair(told, voice, written, question, paraphrases, "vqa", aspect.label)


def _caption(told: Told, voice: Voice | None) -> QAPair | None:
    first, *others = told.order("caption", CAPTION.wordings)
    written = _write(CAPTION, told, voice, CAPTION.wordings[0])
    if written is None:
        return None
    paraphrases = tuple(others[: told.pack.paraphrases])
    return _pair(told, voice, written, first, paraphrases, "caption", "")


def _category(told: Told) -> list[QAPair]:
    """A pair for the category, only where people gave it."""
    if not told.category or told.from_model:
        return []
    titles = [c.title for c in told.pack.classes]
    choices = f"{', '.join(titles[:-1])} or {titles[-1]}"
    first, *others = (q.format(choices=choices) for q in told.order("classify", CLASSIFY))
    written = Written(f"{told.pack.class_of(told.category).title}.")
    return [_pair(told, None, written, first, tuple(others), "classification", "")]


def _conversation(aspects: Sequence[Aspect], told: Told, voice: Voice | None) -> list[QAPair]:
    """One turn per aspect that there is something to say about; none for a single one."""
    turns: list[tuple[Aspect, Written, str]] = []
    for aspect in aspects:
        written = _write(plan_of(aspect), told, voice, aspect.question)
        if written is not None:
            question, _ = _wordings(aspect.question, plan_of(aspect), told, aspect.label)
            turns.append((aspect, written, question))
    if len(turns) < 2:
        return []
    ids = (told.subject.micrograph.id,)
    by = drafting_of(told, voice, any(w.from_model for _, w, _ in turns))
    shared = conversation_id(ids, [q for _, _, q in turns], by)
    return [
        _pair(told, voice, written, question, (), "conversation", aspect.label, shared, k)
        for k, (aspect, written, question) in enumerate(turns)
    ]


def _wordings(question: str, plan: Plan, told: Told, key: str) -> tuple[str, tuple[str, ...]]:
    """One wording of the question, and as many others as the pack asks for."""
    first, *others = told.order(f"question {key}", (question, *plan.wordings))
    return first, tuple(others[: told.pack.paraphrases])


def _write(plan: Plan, told: Told, voice: Voice | None, question: str) -> Written | None:
    """The answer in two lengths; ``None`` where there is nothing to say."""
    seen = voice.says(question) if voice and plan.ask_model else []
    if not seen and plan.needs and not _say(plan.needs, told):
        return None
    heap = _Heap()
    if plan.model_first:
        heap.add(seen, True)
    heap.add(_say(plan.topics, told))
    heap.add(seen, True)
    if not heap.said:
        return None
    heap.begin_with_a_noun()
    concise = _concise(heap, told.pack.length.concise_most_words)
    heap.add(_say(plan.more, told))
    for topic in FILL:
        if len(heap.said) < told.pack.length.detailed_fewest_sentences:
            heap.add(_say((topic,), told))
    from_model = any(heap.said[s] for s in concise)
    detailed = _detailed(heap, told)
    from_model = from_model or any(heap.said.get(s, False) for s in sentences(detailed))
    return Written(" ".join(concise), detailed, from_model)


def _say(topics: Sequence[str], told: Told) -> list[str]:
    return [text for topic in topics for text in TOPICS[topic](told)]


def _concise(heap: _Heap, most_words: int) -> list[str]:
    """The first sentences, as many as may be, at least one."""
    chosen: list[str] = []
    for text in heap.said:
        words = sum(len(s.split()) for s in (*chosen, text))
        if len(chosen) >= CONCISE_SENTENCES or (chosen and words > most_words):
            break
        chosen.append(text)
    return chosen


def _detailed(heap: _Heap, told: Told) -> str:
    """All of it, within the pack's length; empty where it would be too short."""
    rule, chosen, words = told.pack.length, list[str](), 0
    for text in list(heap.said)[:MOST_SENTENCES]:
        words += len(text.split())
        if words > rule.detailed_most_words:
            break
        chosen.append(text)
    return " ".join(chosen) if len(chosen) >= rule.detailed_fewest_sentences else ""


def _pair(
    told: Told,
    voice: Voice | None,
    written: Written,
    question: str,
    paraphrases: tuple[str, ...],
    kind: PairKind,
    aspect: str,
    conversation: str = "",
    position: int = 0,
) -> QAPair:
    subject = told.subject
    return with_id(
        QAPair(
            id=PairId(""),
            micrograph_ids=(subject.micrograph.id,),
            question=question,
            answer=written.concise,
            detailed="" if kind == "conversation" else written.detailed,
            paraphrases=paraphrases,
            kind=kind,
            aspect=aspect,
            category=subject.category,
            group=subject.group,
            conversation=conversation,
            position=position,
            drafting=drafting_of(told, voice, written.from_model),
        )
    )
