"""The local drafter says only what facts, label and model bear out, in the pack's form."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from slava.domain import Box, Calibration, Fact, QAPair
from slava.packs import load_pack
from slava.teacher.checks import Known, check_pairs, rules_of
from slava.teacher.checks.quantities import quantities_in
from slava.teacher.local import compare_locally, draft_locally, prompt_version
from slava.teacher.pairs import id_of
from slava.teacher.subject import Subject
from slava.vlm.backbone import Chunk, GenerationSettings, Message, Report, Seen, View
from tests.checks.examples import PARTICLES, PIXELS, micrograph

PACK = load_pack()
SUBJECT = Subject(
    micrograph("a", calibration=Calibration(3.2, "metadata")), PARTICLES, "particles", "paper"
)
BARE = Subject(micrograph("u"), PIXELS, "")
VIEW = View(np.zeros((8, 8), np.uint8), Box(0, 0, 8, 8))


class Talker:
    """A backbone that always says the same and ranks ``first`` first."""

    def __init__(self, said: str, first: str = "particles", p: float = 0.9) -> None:
        self._said, self._first, self._p = said, first, p

    def report(self) -> Report:
        return Report("talker", "Talker", "builtin", "none", "cpu")

    def seen(self, view: View, settings: GenerationSettings) -> Seen:
        return Seen(8, 8, None)

    def stream(
        self,
        messages: Sequence[Message],
        micrographs: Sequence[View],
        settings: GenerationSettings,
        stop: threading.Event | None = None,
    ) -> Iterator[Chunk]:
        yield Chunk(self._said)

    def score(
        self, messages: Sequence[Message], micrographs: Sequence[View], candidates: Sequence[str]
    ) -> NDArray[np.float64]:
        rest = (1 - self._p) / (len(candidates) - 1)
        mine = PACK.class_of(self._first).title
        return np.log([self._p if c == mine else rest for c in candidates])

    def close(self) -> None:
        pass


def texts(pairs: Sequence[QAPair]) -> str:
    return " ".join(f"{p.answer} {p.detailed}" for p in pairs)


def test_every_aspect_a_caption_a_category_and_a_conversation() -> None:
    pairs = draft_locally(SUBJECT, PACK)
    kinds = [p.kind for p in pairs]
    assert kinds.count("vqa") >= 8
    assert kinds.count("conversation") == kinds.count("vqa")
    assert kinds.count("caption") == kinds.count("classification") == 1
    assert [p.position for p in pairs if p.conversation] == list(range(kinds.count("vqa")))
    assert len({p.conversation for p in pairs}) == 2
    for pair in pairs:
        assert pair.id == id_of(pair)
        assert (pair.category, pair.group, pair.drafting.teacher) == ("particles", "paper", "local")
        assert pair.drafting.prompt_version == prompt_version(PACK)
        assert "Mean diameter: 312.4 ± 8.1 nm." in pair.drafting.facts
        if pair.kind in ("vqa", "caption"):
            assert len(set(pair.paraphrases) | {pair.question}) == 1 + PACK.paraphrases


def test_the_same_again_and_other_words_for_another_micrograph() -> None:
    assert draft_locally(SUBJECT, PACK) == draft_locally(SUBJECT, PACK)
    others = [
        replace(SUBJECT, micrograph=replace(SUBJECT.micrograph, id=f"{k:064d}")) for k in range(8)
    ]
    captions = {p.answer for s in others for p in draft_locally(s, PACK) if p.kind == "caption"}
    assert len(captions) > 3


@pytest.mark.parametrize("pack_id", ["nanomaterials", "glass", "steel_defects", "textures"])
@pytest.mark.parametrize("subject", [SUBJECT, BARE], ids=["calibrated", "uncalibrated"])
def test_a_draft_contradicts_nothing(subject: Subject, pack_id: str) -> None:
    pack = load_pack(pack_id)
    pairs = draft_locally(subject, pack)
    known = {subject.micrograph.id: Known(subject.micrograph, subject.facts, subject.category)}
    flags = check_pairs(pairs, known, rules_of(pack))
    assert {f.detail for fs in flags.values() for f in fs} == set()


def test_without_a_calibration_there_are_pixels_and_a_sentence_that_says_so() -> None:
    said = texts(draft_locally(BARE, PACK))
    assert "97.6 ± 2.5 px" in said
    assert "calibrat" in said
    assert all(q.dimension != "length" or "4.1 mm" in said for q in quantities_in(said))


def test_where_nothing_is_known_there_is_no_answer_that_says_so_at_length() -> None:
    empty = draft_locally(Subject(micrograph("e"), (), ""), PACK)
    assert {p.aspect for p in empty} <= {"composition", "technique"}
    assert "caption" not in {p.kind for p in empty}


def test_a_single_object_has_no_mean_and_no_spread() -> None:
    one = tuple(replace(f, value=1) if f.name == "fibre_count" else f for f in PIXELS)
    median = Fact("fibre_diameter_median", "Median fibre diameter", 97.6, "px")
    said = texts(draft_locally(Subject(micrograph("o"), (*one, median), "fibres"), PACK))
    assert "The only object that was measured is 97.6 px across." in said
    for wrong in ("on average", "mean diameter", "alike in size", "different sizes", "spread"):
        assert wrong not in said.lower()


def test_how_structures_touch_is_told_by_the_model_alone() -> None:
    assert "interactions" not in {p.aspect for p in draft_locally(SUBJECT, PACK)}
    talker = Talker("The bodies touch each other. They are much alike in size.")
    spoken = draft_locally(SUBJECT, PACK, (), talker, replace(VIEW, facts=PARTICLES))
    answers = {p.answer for p in spoken if p.aspect == "interactions"}
    assert answers == {"The bodies touch each other."}


def test_an_answer_does_not_begin_with_they() -> None:
    said = "The fibres are long. They lie close to their neighbours."
    pairs = draft_locally(SUBJECT, PACK, (), Talker(said), VIEW)
    assert "The structures lie close" in texts(pairs)
    assert not [p for p in pairs if p.answer.startswith("They")]


def test_only_the_aspects_that_were_asked_for() -> None:
    (aspect,) = PACK.aspects_of(("size",))
    assert [p.kind for p in draft_locally(SUBJECT, PACK, (aspect,))] == [
        "vqa",
        "caption",
        "classification",
    ]


def test_what_the_model_says_is_named_and_may_not_hold_numbers_or_opinions() -> None:
    said = (
        "The bodies have rounded edges. I think they are 5 µm wide. They are 3 in number. "
        "They contain gold. The fibres are long. A crack runs through the surface. "
        "They point in no preferred direction."
    )
    pairs = draft_locally(SUBJECT, PACK, (), Talker(said), VIEW)
    told = texts(pairs)
    assert "rounded edges" in told
    for dropped in ("I think", "3 in number", "gold", "The fibres", "crack"):
        assert dropped not in told
    spoken = [p for p in pairs if "rounded edges" in f"{p.answer} {p.detailed}"]
    assert all(p.drafting.parameters["said_by_model"] == 1 for p in spoken)
    assert {p.drafting.model for p in spoken} == {"Talker"}
    silent = [p for p in pairs if p not in spoken and p.kind == "vqa"]
    assert all(p.drafting.parameters["said_by_model"] == 0 for p in silent)


def test_a_model_that_sees_another_category_is_not_quoted() -> None:
    talker = Talker("The bodies have rounded edges.", "fibres")
    assert "rounded" not in texts(draft_locally(SUBJECT, PACK, (), talker, VIEW))


def test_a_guess_is_worded_as_one_and_no_category_pair_is_made_of_it() -> None:
    guessed = draft_locally(BARE, PACK, (), Talker("Nothing.", "fibres"), VIEW)
    basics = next(p for p in guessed if p.aspect == "basics")
    assert any(w in basics.answer for w in ("most likely", "resembles", "look like"))
    assert "classification" not in {p.kind for p in guessed}
    unsure = draft_locally(BARE, PACK, (), Talker("Nothing.", "fibres", 0.2), VIEW)
    assert "fibres." not in next(p for p in unsure if p.aspect == "basics").answer


def test_a_comparison_by_measured_facts() -> None:
    larger = tuple(
        replace(f, value=2 * float(f.value)) if f.name == "particle_diameter_mean" else f
        for f in PARTICLES
    )
    other = Subject(micrograph("b", calibration=Calibration(3.2, "metadata")), larger, "powder")
    pair = compare_locally(SUBJECT, other, PACK)
    assert pair is not None
    assert pair.micrograph_ids == (SUBJECT.micrograph.id, other.micrograph.id)
    assert "312.4 ± 8.1 nm" in pair.answer
    assert "structures of the second are larger" in pair.answer
    known = {s.micrograph.id: Known(s.micrograph, s.facts, s.category) for s in (SUBJECT, other)}
    assert check_pairs([pair], known, rules_of(PACK))[pair.id] == ()
    assert compare_locally(SUBJECT, SUBJECT, PACK) is None
    assert compare_locally(BARE, Subject(micrograph("c")), PACK) is None


def test_lengths_of_an_uncalibrated_micrograph_are_never_told() -> None:
    smuggled = Subject(micrograph("s"), (Fact("particle_count", "Particles", 3), *PARTICLES))
    said = texts(draft_locally(smuggled, PACK))
    assert "nm" not in said.replace("nanom", "")
    assert "µm" not in said
