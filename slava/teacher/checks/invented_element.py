"""Elements or a composition claimed where there are no composition data.

What the question, the label or the user's notes name is not invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slava.domain import Flag, QAPair
from slava.teacher.checks.elements import mentions_in
from slava.teacher.checks.known import KnownOf, Rules
from slava.teacher.checks.text import SAYS_A_LIMIT, sentences

_HEDGE = re.compile(
    r"\b(?:may|might|could|possibly|perhaps|probably|likely|suggest\w*|presumably|such as|"
    r"for example|typical(?:ly)?|often|commonly)\b",
    re.IGNORECASE,
)
_SPECTRUM = re.compile(
    r"\b(?:EDX|EDS|EELS|XPS|WDS|X-ray (?:spectr\w+|microanalysis)|(?:energy[- ]dispersive|"
    r"elemental (?:analysis|mapping|maps?)))|\b(?:at|wt)\.?\s?%|\b(?:atomic|weight) per ?cent",
    re.IGNORECASE,
)
_TECHNIQUE = re.compile(
    r"tungsten (?:filament|gun|emitter|source)|silicon drift|gallium (?:ions?|beam|source)|"
    r"(?:LaB6|lanthanum hexaboride) (?:gun|emitter|source)|silver-grey|silver-gray",
    re.IGNORECASE,
)
"""Elements of the microscope, not of the specimen."""


def invented_element(pair: QAPair, known: KnownOf, rules: Rules) -> Iterator[Flag]:  # noqa: ARG001
    """One flag per claimed substance, and one per spectrum that does not exist."""
    shown = [known[m] for m in pair.micrograph_ids if m in known]
    if any(one.edx for one in shown):
        return
    told = [pair.question, pair.category.replace("_", " ")]
    for one in shown:
        told += [one.label.replace("_", " "), one.micrograph.notes]
        told += [str(f.value) for f in one.facts if isinstance(f.value, str)]
    given = [m for text in told for m in mentions_in(text)]
    elements = frozenset[str]().union(*(m.elements for m in given))
    words = {m.words.casefold() for m in given}
    spectrum_told = any(_SPECTRUM.search(text) for text in told[2:])
    seen: set[str] = set()
    for text in (pair.answer, pair.detailed):
        for sentence in sentences(text):
            if SAYS_A_LIMIT.search(sentence):
                continue
            severity = 0.55 if _HEDGE.search(sentence) else 0.85
            for mention in mentions_in(_TECHNIQUE.sub("", sentence)):
                word = mention.words.casefold()
                if word in seen or word in words or mention.elements <= elements:
                    continue
                seen.add(word)
                yield Flag(
                    "invented_element",
                    f"“{mention.words}” is claimed, but there are no composition data.",
                    severity,
                )
            cited = _SPECTRUM.search(sentence)
            if cited and not spectrum_told and "spectrum" not in seen:
                seen.add("spectrum")
                yield Flag(
                    "invented_element",
                    f"“{cited[0].strip()}” is cited, but no such data are known.",
                    1.0 if severity > 0.6 else 0.6,
                )
