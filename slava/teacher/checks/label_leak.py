"""Does the question give away the category, the answer, or the name of the file?"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from slava.domain import Flag, QAPair
from slava.teacher.checks.known import Known, KnownOf, Rules
from slava.teacher.checks.quantities import quantities_in
from slava.teacher.checks.text import content_stems, shortened, stems, word_set, words

ASKS_FOR_CATEGORY = frozenset({"basics", "category", "classification"})
"""Aspects whose answer is the category itself."""
_YES_NO = re.compile(
    r"^\W*(?:is|are|do|does|did|can|could|has|have|was|were|would|will|should)\b", re.IGNORECASE
)
_FILE = re.compile(
    r"[\w.-]+\.(?:tiff?|png|jpe?g|bmp|dm[34]|emd|ser|czi|hspy|h5|hdf5|gif|mrc|bcf)\b", re.IGNORECASE
)
_PLAIN_NAME = re.compile(r"[^\W\d_]+|\d{1,4}|(?:img|image|micrograph|scan|untitled|file)[_ -]?\d*")
_COMMON = word_set("surfac structur devic materi imag nano sem tem object")
ENOUGH = 0.9
"""Share of an answer's own words that stand in the question."""


def label_leak(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:
    """At most one flag each for the category, the answer and the file name."""
    questions = (pair.question, *pair.paraphrases)
    shown = [known[m] for m in pair.micrograph_ids if m in known]
    labels = dict.fromkeys(label for label in (pair.category, *(k.label for k in shown)) if label)
    yield from _category(pair, questions, tuple(labels), rules)
    yield from _answer(pair, questions)
    yield from _file_name((*questions, pair.answer, pair.detailed), shown)


def _category(
    pair: QAPair, questions: Sequence[str], labels: Sequence[str], rules: Rules
) -> Iterator[Flag]:
    asked = pair.kind == "classification" or pair.aspect in ASKS_FOR_CATEGORY
    for question in questions:
        said = stems(question)
        for label in labels:
            word = _gives_away(said, question, label, rules)
            if word and not _offers_choice(said, label, rules):
                yield Flag(
                    "label_leak",
                    f"“{word}” in the question gives away the category {label.replace('_', ' ')}.",
                    0.9 if asked else 0.3,
                )
                return


def _gives_away(said: list[str], question: str, label: str, rules: Rules) -> str:
    """The words of ``question`` that name the class ``label``; empty where none do."""
    whole = (label, *rules.titles.get(label, ()))
    for form in whole:
        wanted = [s for s in stems(form) if s not in ("a", "an", "or", "and", "the")]
        if len(wanted) > 1 and _in_order(wanted, said):
            return form.replace("_", " ")
    telling = telling_stems(label, rules)
    for word in words(question):
        if any(s in telling for s in stems(word)):
            return word
    return ""


def telling_stems(label: str, rules: Rules) -> frozenset[str]:
    """Stems that give ``label`` away: of its title, which no other class and no aspect uses."""
    title = rules.titles.get(label, (label,))[0]
    own = set(content_stems(label.replace("_", " "))) | set(content_stems(title))
    others = {
        s
        for other, forms in rules.titles.items()
        if other != label
        for form in (other.replace("_", " "), *forms)
        for s in content_stems(form)
    }
    neutral = {s for text in rules.neutral for s in content_stems(text)}
    more = {s for text in rules.leaks.get(label, ()) for s in content_stems(text)}
    return frozenset((own - others - neutral - _COMMON) | more)


def _in_order(wanted: list[str], said: list[str]) -> bool:
    """Whether all of ``wanted`` stand in ``said`` in this order, at most one word between."""
    position = -1
    for stem in wanted:
        window = said[position + 1 : position + 3] if position >= 0 else said
        if stem not in window:
            return False
        position = position + 1 + window.index(stem) if position >= 0 else said.index(stem)
    return True


def _offers_choice(said: list[str], label: str, rules: Rules) -> bool:
    """Whether the question lists other classes too, as a choice."""
    others = [other for other in rules.titles if other != label]
    return sum(bool(telling_stems(other, rules) & set(said)) for other in others) >= 2


def _answer(pair: QAPair, questions: Sequence[str]) -> Iterator[Flag]:
    given = [s for s in content_stems(pair.answer) if s not in ("yes", "no")]
    numbers = [q for q in quantities_in(pair.answer) if q.dimension not in ("number", "other")]
    for question in questions:
        asked = quantities_in(question)
        for quantity in numbers:
            if any(
                q.dimension == quantity.dimension
                and (q.low, q.high) == (quantity.low, quantity.high)
                for q in asked
            ):
                said = pair.answer[quantity.start : quantity.end].strip()
                yield Flag("label_leak", f"The question already holds the answer's “{said}”.", 0.6)
                return
        if _YES_NO.match(question) or re.search(r"\bor\b", question) or len(set(given)) < 3:
            continue
        inside = set(content_stems(question))
        if sum(s in inside for s in given) >= ENOUGH * len(given):
            detail = f"The question already says the answer: “{shortened(pair.answer)}”"
            yield Flag("label_leak", detail, 0.6)
            return


def _file_name(texts: Sequence[str], shown: Sequence[Known]) -> Iterator[Flag]:
    for text in texts:
        low = text.casefold()
        for one in shown:
            name = one.micrograph.name.replace("\\", "/").rsplit("/", 1)[-1].casefold()
            stem = name.rsplit(".", 1)[0] if "." in name else name
            telling = len(stem) >= 5 and not _PLAIN_NAME.fullmatch(stem)
            if (len(name) >= 5 and "." in name and name in low) or (telling and stem in low):
                detail = f"“{shortened(one.micrograph.name, 40)}” is the name of the file."
                yield Flag("label_leak", detail, 0.8)
                return
        found = _FILE.search(text)
        if found:
            yield Flag("label_leak", f"“{shortened(found[0], 40)}” looks like a file name.", 0.6)
            return
