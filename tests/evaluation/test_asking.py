"""Asking models: what is there is not asked again, whatever ends it in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slava.domain import (
    Answered,
    AnswerKey,
    Calibration,
    EvaluationSpec,
    Fact,
    Instrument,
    Micrograph,
    MicrographId,
    ModelEntry,
    TestItem,
)
from slava.errors import Cancelled, ModelError
from slava.evaluation.asking import Tally, ask_all
from slava.evaluation.items import category_item, make_item
from slava.evaluation.keys import answer_key, identify
from slava.evaluation.notices import RANKED_WITHOUT
from slava.evaluation.planning import Ask, Subject, asks_of, count_asks, swaps
from slava.packs import load_pack
from slava.vlm.backbone import Backbone, Finish, GenerationSettings, View
from tests.vlm.scripted_backbone import Script, ScriptedBackbone

IDS = tuple(MicrographId(str(n) * 64) for n in range(1, 4))
FIRST = ModelEntry("first", "builtin", identity="aa")
SECOND = ModelEntry("second", "builtin", identity="bb")
PACK = load_pack()


def a_micrograph(at: MicrographId, nm_per_px: float | None = 2.0) -> Micrograph:
    calibration = None if nm_per_px is None else Calibration(nm_per_px, "metadata")
    return Micrograph(at, f"{at[:4]}.tif", "TIFF", 64, 48, 8, 1, calibration, Instrument())


def about(question: str) -> list[str]:
    """What a model says that nobody has told what to say."""
    return [f"about {question}"]


class Unlike(ScriptedBackbone):
    """A model with an adapter that was taught something else."""

    def answers(self, question: str, view: View) -> bool:
        return False


@dataclass
class World:
    """Micrographs, models and a book in memory; it counts what is read, opened and asked."""

    nm_per_px: float | None = 2.0
    answers: dict[AnswerKey, Answered] = field(default_factory=dict)
    where: dict[tuple[str, str, str, bool], AnswerKey] = field(default_factory=dict)
    opened: list[str] = field(default_factory=list)
    read: list[MicrographId] = field(default_factory=list)
    backbones: list[ScriptedBackbone] = field(default_factory=list)
    script: Script = about
    finish: Finish = "end"
    notice: str = ""
    adapter_answers: bool = True

    def known(self, at: MicrographId) -> Subject:
        def read() -> np.ndarray:
            self.read.append(at)
            return np.zeros((48, 64), np.uint8)

        count = Fact("particle_count", "Particles", 40 + int(at[0]), "")
        size = Fact("particle_diameter_mean", "Mean diameter", 20.0 * int(at[0]), "nm")
        return Subject(a_micrograph(at, self.nm_per_px), (count, size), read)

    @contextmanager
    def open_model(self, entry: ModelEntry) -> Iterator[Backbone]:
        self.opened.append(entry.title)
        kind = ScriptedBackbone if self.adapter_answers else Unlike
        backbone = kind(self.script, self.finish, self.notice)
        self.backbones.append(backbone)
        yield backbone

    def get_answers(self, keys: Sequence[AnswerKey]) -> Mapping[AnswerKey, Answered]:
        return {key: self.answers[key] for key in keys if key in self.answers}

    def add_answer(self, ask: Ask, answered: Answered) -> None:
        self.answers[answered.key] = answered
        self.where[ask.item.id, ask.model.title, ask.level, ask.swapped] = answered.key

    def add_answers(self, answered: Sequence[tuple[Ask, Answered]]) -> None:
        for ask, one in answered:
            self.add_answer(ask, one)

    def run(self, spec: EvaluationSpec, items: Sequence[TestItem], **more: Any) -> Tally:
        asks = asks_of(spec, items, self.known, PACK)
        return ask_all(asks, spec, self.known, self.open_model, self, **more)

    @property
    def questions(self) -> list[str]:
        return [messages[-1].text for b in self.backbones for messages in b.asked]


def a_spec(*models: ModelEntry, **more: Any) -> EvaluationSpec:
    return EvaluationSpec(models or (FIRST,), more.pop("measures", ("text",)), "set", "id", **more)


ITEMS = tuple(make_item(at, f"What is in {at[0]}?", reference="Fibres.") for at in IDS)


def test_every_question_goes_to_every_model_at_every_level() -> None:
    world, spec = World(), a_spec(FIRST, SECOND, levels=("none", "high"))
    tally = world.run(spec, ITEMS)
    assert (tally.total, tally.done, tally.found) == (12, 12, 0) == (count_asks(spec, ITEMS), 12, 0)
    assert world.opened == ["first", "second"]
    assert len(world.answers) == len(world.where) == 12
    told = [messages[0].text for messages in world.backbones[0].asked]
    assert sum("Mean diameter" in text for text in told) == 3
    assert world.read == [*IDS, *IDS]


def test_what_is_there_is_not_asked_again_and_its_model_not_opened() -> None:
    world, spec = World(), a_spec(FIRST)
    world.run(spec, ITEMS[:2])
    again = world.run(a_spec(FIRST, SECOND), ITEMS)
    assert again.found == 2
    assert world.opened == ["first", "first", "second"]
    assert len(world.questions) == 2 + 1 + 3
    last = world.run(a_spec(FIRST, SECOND), ITEMS)
    assert (last.found, world.opened) == (6, ["first", "first", "second"])


@pytest.mark.parametrize(
    "changed",
    [
        {"models": (replace(FIRST, identity="cc"),)},
        {"models": (replace(FIRST, quantization="nf4"),)},
        {"max_new_tokens": 8},
        {"levels": ("basic",)},
    ],
)
def test_another_model_setting_or_context_is_another_answer(changed: dict[str, Any]) -> None:
    world = World()
    world.run(a_spec(), ITEMS)
    assert world.run(replace(a_spec(), **changed), ITEMS).found == 0


def test_a_new_calibration_is_a_new_answer_where_the_model_is_told_of_it() -> None:
    world = World()
    world.run(a_spec(levels=("none", "high")), ITEMS)
    world.nm_per_px = None
    again = world.run(a_spec(levels=("none", "high")), ITEMS)
    assert (again.found, again.total) == (3, 6)


def test_stopped_between_answers_it_goes_on_with_the_rest() -> None:
    world = World()
    left = iter([None, None, None, None])

    def check() -> None:
        if next(left, "end") == "end":
            raise Cancelled("it was stopped.")

    with pytest.raises(Cancelled):
        world.run(a_spec(), ITEMS, check=check)
    assert len(world.answers) == 1
    assert world.run(a_spec(), ITEMS).found == 1
    assert len(world.questions) == 3


def test_a_failed_answer_is_written_down_and_asked_for_again() -> None:
    failing = True

    def script(question: str) -> list[str]:
        if failing and "2" in question:
            raise ModelError("out of memory.")
        return ["fine"]

    world = World(script=script)
    tally = world.run(a_spec(), ITEMS)
    assert (tally.done, tally.failed) == (3, 1)
    assert [a.error for a in world.answers.values() if a.error] == ["out of memory."]
    failing = False
    again = world.run(a_spec(), ITEMS)
    assert (again.found, again.failed) == (2, 0)
    assert {a.answer for a in world.answers.values()} == {"fine"}


def test_a_model_that_always_fails_is_given_up() -> None:
    def script(question: str) -> list[str]:
        raise ModelError("the server is down.")

    items = [make_item(IDS[0], f"Question {n}?") for n in range(20)]
    world = World(script=script)
    with pytest.raises(ModelError, match=r"first: 5 answers in a row failed: the server is down"):
        world.run(a_spec(), items)
    assert len(world.answers) == 5


def test_a_category_is_the_likeliest_of_the_classes() -> None:
    item = category_item(IDS[0], "powder", ["fibres", "powder"])
    world = World()
    world.run(a_spec(measures=("category",)), [item])
    answered = next(iter(world.answers.values()))
    assert [label for label, _ in answered.ranked] == ["fibres", "powder"]  # equal: their order
    assert sum(p for _, p in answered.ranked) == pytest.approx(1)
    assert answered.answer == "fibres"


def test_a_swap_shows_another_micrograph_once_and_prefers_another_category() -> None:
    items = [
        make_item(at, "What is it?", category=label)
        for at, label in zip(IDS, ("fibres", "fibres", "powder"), strict=True)
    ]
    other = swaps(items, 0)
    assert other[items[0].id] == other[items[1].id] == IDS[2]
    world = World()
    world.run(a_spec(measures=("reliance",), levels=("none", "high")), items)
    assert sum(swapped for *_, swapped in world.where) == 3
    assert {level for _, _, level, swapped in world.where if swapped} == {"high"}
    assert swaps(items[:1], 0) == {}


def test_a_swap_changes_the_picture_and_not_what_is_told() -> None:
    items = [make_item(at, f"What is in {at[0]}?") for at in IDS]
    world = World()
    world.run(a_spec(measures=("reliance",)), items)
    contexts: dict[str, set[str]] = {}
    for (item, *_), key in world.where.items():
        contexts.setdefault(item, set()).add(world.answers[key].context)
    assert all(len(told) == 1 for told in contexts.values())
    assert len(world.answers) == 6


def test_weights_that_differ_in_the_middle_have_another_identity(tmp_path: Path) -> None:
    for name, changed in (("a", b"\0"), ("b", b"\1")):
        folder = tmp_path / name
        folder.mkdir()
        with (folder / "model.safetensors").open("wb") as out:
            out.truncate(66 << 20)
            out.seek(33 << 20)
            out.write(changed * (2 << 20))
    first, second = (identify(ModelEntry("m", str(tmp_path / n))).identity for n in "ab")
    assert first != second
    assert identify(ModelEntry("n", str(tmp_path / "a"))).identity == first


def test_what_must_be_known_of_an_answer_is_kept_with_it() -> None:
    world = World(finish="length", notice="Answered without the adapter: unlike.")
    world.run(a_spec(max_new_tokens=8), ITEMS[:1])
    (answered,) = world.answers.values()
    assert answered.notices == (
        "Answered without the adapter: unlike.",
        "cut at the limit of 8 tokens",
    )


@pytest.mark.parametrize(("answers", "notices"), [(True, ()), (False, (RANKED_WITHOUT,))])
def test_a_category_that_the_adapter_did_not_rank_says_so(
    answers: bool, notices: tuple[str, ...]
) -> None:
    item = category_item(IDS[0], "powder", ["fibres", "powder"])
    world = World(adapter_answers=answers)
    world.run(a_spec(measures=("category",)), [item])
    assert [a.notices for a in world.answers.values()] == [notices]


def test_answers_of_adapters_from_before_notices_stand_for_nothing() -> None:
    told = (IDS[0], 2.0, (0, 0, 48, 64), "", "What is it?", (), GenerationSettings())
    plain, adapted = FIRST, replace(FIRST, adapter="steel")
    assert answer_key(plain, *told) != answer_key(adapted, *told)


def test_given_answers_need_no_model() -> None:
    items = [make_item(IDS[0], "How large?", given={"GPT-4V": "6 µm"}), ITEMS[1]]
    world = World()
    given = ModelEntry("GPT-4V", "given:GPT-4V")
    tally = world.run(a_spec(given), items)
    assert (tally.total, tally.done, world.opened) == (1, 1, [])
    assert [a.answer for a in world.answers.values()] == ["6 µm"]


def test_attributes_stand_in_the_question_and_facts_are_then_not_told() -> None:
    items = [make_item(IDS[1], "Is the surface smooth or rough?", reference="It is rough.",
                       category="particles")]  # fmt: skip
    world = World()
    spec = a_spec(levels=("none", "basic", "moderate", "high"), way="attributes")
    world.run(spec, items)
    assert len(world.questions) == 4
    assert world.questions[0] == "Is the surface smooth or rough?"
    assert all(q.startswith("Known of the specimen: ") for q in world.questions[1:])
    assert [q.count(";") for q in world.questions[1:]] == [0, 1, 2]
    assert all("Mean diameter" not in m[0].text for m in world.backbones[0].asked)
