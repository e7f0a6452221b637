"""Pairs and micrographs to be exported: any text, any format, made by Hypothesis or by hand."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st

from slava.domain import Databar, Drafting, MicrographId, PairId, QAPair
from slava.exchange.entry import Entry, Exhibit
from slava.exchange.png import shown_png
from slava.teacher.pairs import with_id


def exhibit(number: int, *, confidential: bool = False) -> Exhibit:
    """A micrograph of 16 bits whose original is not the PNG that is exported."""
    rng = np.random.default_rng(number)
    png = shown_png(rng.integers(0, 60000, (12, 16)).astype(np.uint16))
    return Exhibit(
        id=MicrographId(hashlib.sha256(f"original {number}".encode()).hexdigest()),
        read_png=lambda: png,
        width_px=16,
        height_px=12,
        nm_per_px=2.5 if number % 2 else None,
        calibration_source="manual" if number % 2 else None,
        calibration_detail="two points" if number % 2 else "",
        databar=Databar(10, 12) if number == 2 else None,
        label="particles" if number else "",
        licence="CC-BY-4.0" if number == 1 else "",
        confidential=confidential,
    )


EXHIBITS = {shown.id: shown for shown in (exhibit(number) for number in range(4))}
IDS = tuple(EXHIBITS)


def pair(
    question: str = "How large?",
    answer: str = "3 µm.",
    ids: Sequence[MicrographId] = IDS[:1],
    **fields: Any,
) -> QAPair:
    """A pair under its id."""
    return with_id(QAPair(PairId(""), tuple(ids), question, answer, **fields))


_WORDS = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs",)),
        st.sampled_from('aB3 µ\n\t\\"/<>|\u2028\x00'),
    ),
    max_size=30,
)
TEXTS = st.one_of(_WORDS, st.sampled_from(["<image>", "Was ist das? <image>", "\ufeff", " x "]))
SAID = TEXTS.filter(lambda text: bool(text.strip()))

_SCALARS = st.one_of(
    TEXTS,
    st.integers(-(2**70), 2**70),
    st.booleans(),
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False),
)
_VALUES = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=5,
)
_KEYS = st.one_of(TEXTS, st.sampled_from(["id", "image", "source", "slava", "system", "kind"]))
_PARAMETERS = st.dictionaries(
    _WORDS,
    st.one_of(
        st.none(), _WORDS, st.integers(-100, 100), st.floats(allow_nan=False, allow_infinity=False)
    ),
    max_size=2,
)
DRAFTINGS = st.builds(
    Drafting,
    teacher=st.sampled_from(["local", "api.example", "import:llava"]),
    model=_WORDS,
    prompt_version=_WORDS,
    parameters=_PARAMETERS,
    request_id=_WORDS,
    facts=st.lists(TEXTS, max_size=2).map(tuple),
)


@st.composite
def pairs(draw: st.DrawFn) -> QAPair:
    """Any pair about the micrographs of :data:`EXHIBITS`."""
    ids = draw(st.lists(st.sampled_from(IDS), min_size=1, max_size=3, unique=True))
    return pair(
        draw(SAID),
        draw(SAID),
        ids,
        detailed=draw(st.one_of(st.just(""), SAID)),
        paraphrases=tuple(draw(st.lists(TEXTS, max_size=2))),
        kind=draw(st.sampled_from(["vqa", "comparison", "conversation", "classification"])),
        aspect=draw(_WORDS),
        category=draw(_WORDS),
        group=draw(_WORDS),
        conversation=draw(st.sampled_from(["", "", "c1", "c2"])),
        position=draw(st.integers(0, 3)),
        drafting=draw(DRAFTINGS),
        extra=draw(st.dictionaries(_KEYS, _VALUES, max_size=3)),
    )


@st.composite
def entries(draw: st.DrawFn) -> list[Entry]:
    """Several pairs, each once, all in parts or none."""
    drawn = draw(st.lists(pairs(), min_size=1, max_size=5, unique_by=lambda one: one.id))
    if draw(st.booleans()):
        return [Entry(one) for one in drawn]
    part = st.sampled_from(["train", "validation", "test"])
    return [Entry(one, "accepted", ("ada",), draw(part)) for one in drawn]
