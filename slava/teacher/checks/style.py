"""How an answer is written: banned abbreviations, and its length."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slava.domain import Flag, QAPair
from slava.teacher.checks.known import KnownOf, Rules
from slava.teacher.checks.text import sentences


def abbreviation(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:  # noqa: ARG001
    """One flag that names the banned abbreviations of the question and the answers."""
    found: dict[str, None] = {}
    for text in (pair.question, *pair.paraphrases, pair.answer, pair.detailed):
        for banned in rules.abbreviations:
            if re.search(rf"(?<![\w.]){re.escape(banned)}(?!\w)", text):
                found[banned] = None
    if found:
        named = ", ".join(f"“{one}”" for one in found)
        verb = "is an abbreviation" if len(found) == 1 else "are abbreviations"
        severity = min(0.4, 0.15 + 0.05 * len(found))
        yield Flag("abbreviation", f"{named} {verb} that the pack bans.", severity)


def length(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:  # noqa: ARG001
    """At most one flag per text, and one where the detailed answer adds nothing."""
    rule = rules.length
    if not pair.question.strip():
        yield Flag("length", "The question is empty.", 1.0)
    if not pair.answer.strip():
        yield Flag("length", "The answer is empty.", 1.0)
    concise, detailed = len(pair.answer.split()), len(pair.detailed.split())
    if concise > rule.concise_most_words:
        yield _too_long("concise", concise, rule.concise_most_words)
    if not detailed:
        return
    parts = len(sentences(pair.detailed))
    if detailed > rule.detailed_most_words:
        yield _too_long("detailed", detailed, rule.detailed_most_words)
    elif parts < rule.detailed_fewest_sentences:
        few = f"{parts} of at least {rule.detailed_fewest_sentences} sentences"
        yield Flag("length", f"The detailed answer has {few}.", 0.2)
    elif detailed <= concise:
        yield Flag("length", "The detailed answer is no longer than the concise one.", 0.3)


def _too_long(which: str, words: int, most: int) -> Flag:
    detail = f"The {which} answer has {words} words; at most {most} are asked for."
    return Flag("length", detail, round(min(0.5, 0.1 + 0.1 * words / most), 3))
