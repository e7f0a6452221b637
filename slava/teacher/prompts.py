"""The words of a request: rules of the pack, what is known of the micrograph, and what is wanted.

Aspects after sLAVA 4.3, two lengths of answer after 4.6, comparisons after 4.4, a conversation over
all aspects after GDL-NMID, rules as bullet points and sampling at 0.2 after GlassLLaVA. Pure: the
same pack and facts give the same words. It must not know who is asked or what it costs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from slava.domain import Box
from slava.packs import Aspect, Contrast, Pack
from slava.teacher.facts import told_facts
from slava.teacher.schema import SCHEMAS
from slava.teacher.subject import Ask, Shot, Subject, Template

PARAMETERS: Mapping[str, float | int | str | None] = {
    "temperature": 0.2,
    "top_p": 0.2,
    "max_tokens": 1200,
}
"""Sampling after GlassLLaVA, which found both near 0.2 best; ``max_tokens`` bounds the cost."""
CONVERSATION_TOKENS = 4000

_SYSTEM = (
    "You write questions and answers about a scientific {picture} of {subject}, to train a smaller "
    "model that will see the same {picture}. An expert checks your answers.\nRules:\n{rules}"
)
_ANSWERS = (
    "The concise answer has at most {concise} words. The detailed answer to the same question has "
    "at least {sentences} sentences and at most {detailed} words, and agrees with the concise one."
)
_VQA = (
    "Aspect: {title}. {guidance}\nAsk about this aspect, starting from: {question}\n"
    "Give {count}. Give {paraphrases} other wordings of each question."
)
_COMPLEX = "The second pair is complex and asks for interpretation, starting from: {question}"
_CAPTION = "Write a caption in two lengths. {guidance}"
_CONVERSATION = (
    "Go through the aspects below in their order, as in one conversation that knows its earlier "
    "turns. For each aspect give its label, a question, what you observe, how you reason from it "
    "step by step, and then the answer that follows.\n{aspects}"
)
_COMPARISON = (
    "{count} pictures are shown, in the order in which they are listed above.\n"
    "Ask about all of them together, starting from: {question}\nName them as first, second and so "
    "on. Give one pair and {paraphrases} other wordings of its question."
)
_NO_LEAK = "Do not name the category in a question."


def prompt_version(pack: Pack, template: Template) -> str:
    """``PACK@VERSION/TEMPLATE/HASH``: changes whenever a word of pack or template changes."""
    words = [_SYSTEM, _ANSWERS, _VQA, _COMPLEX, _CAPTION, _CONVERSATION, _COMPARISON, _NO_LEAK]
    told = json.dumps([asdict(pack), template, words, SCHEMAS], sort_keys=True)
    digest = hashlib.sha256(told.encode()).hexdigest()[:12]
    return f"{pack.id}@{pack.version}/{template}/{digest}"


def ask_about(
    subject: Subject,
    pack: Pack,
    *,
    longest_px: int,
    aspects: Sequence[Aspect] | None = None,
    templates: Sequence[Template] = ("vqa",),
) -> list[Ask]:
    """Every request about one micrograph: one per aspect, a caption, a conversation.

    Parameters
    ----------
    longest_px
        Pictures are sent no larger; the teacher is told the size of a pixel as sent.
    aspects
        All of the pack's without.
    """
    chosen = tuple(pack.aspects if aspects is None else aspects)
    asks: list[Ask] = []
    if "vqa" in templates:
        asks += [_vqa(subject, pack, aspect, longest_px) for aspect in chosen]
    if "caption" in templates:
        asks.append(_caption(subject, pack, longest_px))
    if "conversation" in templates:
        asks.append(_conversation(subject, pack, chosen, longest_px))
    return asks


def compare(contrast: Contrast, subjects: Sequence[Subject], pack: Pack, *, longest_px: int) -> Ask:
    """A comparison; one subject stands for the parts of one micrograph."""
    if contrast == "heterogeneity":
        shots = quarters(subjects[0])
        names = ["upper left", "upper right", "lower left", "lower right"]
        facts = [f"The pictures are its parts: {', '.join(names)}."]
        facts += told_facts(subjects[0], shots[0].crop, longest_px)
    else:
        shots = tuple(Shot(s.micrograph.id, s.micrograph.picture) for s in subjects)
        facts = []
        for number, (subject, shot) in enumerate(zip(subjects, shots, strict=True), 1):
            facts += [f"Picture {number}: {f}" for f in told_facts(subject, shot.crop, longest_px)]
    wanted = _COMPARISON.format(
        count=len(shots), question=pack.comparison(contrast), paraphrases=pack.paraphrases
    )
    return _ask(
        "comparison", subjects[0], pack, shots, wanted, "question_answer_pairs", facts,
        contrast=contrast,
    )  # fmt: skip


def quarters(subject: Subject) -> tuple[Shot, ...]:
    """The four quarters of a micrograph without its databar."""
    box = subject.micrograph.picture
    x, y = (box.left + box.right) // 2, (box.top + box.bottom) // 2
    crops = (
        Box(box.left, box.top, x, y),
        Box(x, box.top, box.right, y),
        Box(box.left, y, x, box.bottom),
        Box(x, y, box.right, box.bottom),
    )
    return tuple(Shot(subject.micrograph.id, crop) for crop in crops)


def _vqa(subject: Subject, pack: Pack, aspect: Aspect, longest_px: int) -> Ask:
    count = "two pairs, a simple and a complex one" if aspect.complex_question else "one pair"
    wanted = _VQA.format(
        title=aspect.title,
        guidance=f"Look at: {aspect.guidance}." if aspect.guidance else "",
        question=aspect.question,
        count=count,
        paraphrases=pack.paraphrases,
    )
    if aspect.complex_question:
        wanted += "\n" + _COMPLEX.format(question=aspect.complex_question)
    return _single("vqa", subject, pack, wanted, "question_answer_pairs", longest_px, (aspect,))


def _caption(subject: Subject, pack: Pack, longest_px: int) -> Ask:
    wanted = _CAPTION.format(guidance=pack.caption).strip()
    return _single("caption", subject, pack, wanted, "caption", longest_px)


def _conversation(
    subject: Subject, pack: Pack, aspects: tuple[Aspect, ...], longest_px: int
) -> Ask:
    listed = "\n".join(f"- {a.label}: {a.title}. {a.question}" for a in aspects)
    wanted = _CONVERSATION.format(aspects=listed)
    return _single("conversation", subject, pack, wanted, "conversation", longest_px, aspects)


def _single(
    template: Template,
    subject: Subject,
    pack: Pack,
    wanted: str,
    schema_name: str,
    longest_px: int,
    aspects: tuple[Aspect, ...] = (),
) -> Ask:
    shot = Shot(subject.micrograph.id, subject.micrograph.picture)
    facts = told_facts(subject, shot.crop, longest_px)
    return _ask(template, subject, pack, (shot,), wanted, schema_name, facts, aspects=aspects)


def _ask(
    template: Template,
    subject: Subject,
    pack: Pack,
    shots: tuple[Shot, ...],
    wanted: str,
    schema_name: str,
    facts: Sequence[str],
    *,
    aspects: tuple[Aspect, ...] = (),
    contrast: Contrast | None = None,
) -> Ask:
    known = "\n".join(f"- {fact}" for fact in facts) or "- nothing"
    tokens = CONVERSATION_TOKENS if template == "conversation" else PARAMETERS["max_tokens"]
    return Ask(
        template=template,
        shots=shots,
        system=_system(pack),
        text=f"Known (measured, calibrated or given; not your own estimate):\n{known}\n\n{wanted}",
        schema_name=schema_name,
        schema=SCHEMAS[schema_name],
        facts=tuple(facts),
        prompt_version=prompt_version(pack, template),
        question=f"Describe this {pack.picture} in one sentence." if template == "caption" else "",
        aspects=tuple(a.label for a in aspects),
        category=subject.category,
        group=subject.group,
        contrast=contrast,
        parameters={**PARAMETERS, "max_tokens": tokens},
    )


def _system(pack: Pack) -> str:
    length = pack.length
    rules = [
        *pack.instructions,
        _NO_LEAK,
        _ANSWERS.format(
            concise=length.concise_most_words,
            sentences=length.detailed_fewest_sentences,
            detailed=length.detailed_most_words,
        ),
    ]
    if pack.banned_abbreviations:
        rules.append(f"Never write these: {', '.join(pack.banned_abbreviations)}")
    listed = "\n".join(f"- {rule}" for rule in rules)
    return _SYSTEM.format(picture=pack.picture, subject=pack.subject, rules=listed)
