"""Elements or a composition claimed where there are no composition data.

What the question, the label, the user's notes, the paper or composition data name is not
invented. Composition data of which nobody has said what they show let every claim pass.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slava.domain import Flag, QAPair
from slava.teacher.checks.elements import mentions_in
from slava.teacher.checks.known import KnownOf, Rules
from slava.teacher.checks.text import SAYS_A_LIMIT, sentences

NO_DATA = "but there are no composition data"
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
    data = [one.composition for one in shown if one.composition]
    if any(not mentions_in(one.found) for one in data):
        return
    told = [pair.question, pair.category.replace("_", " ")]
    for one in shown:
        told += [one.label.replace("_", " "), *one.texts]
        told += [str(f.value) for f in one.facts if isinstance(f.value, str)]
    given = [m for text in told for m in mentions_in(text)]
    elements = frozenset[str]().union(*(m.elements for m in given))
    words = {m.words.casefold() for m in given}
    spectrum_told = bool(data) or any(_SPECTRUM.search(text) for text in told[2:])
    missing = "but the composition data do not show it" if data else NO_DATA
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
                    f"“{mention.words}” is claimed, {missing}.",
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
