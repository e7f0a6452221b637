"""One query by example: voters side by side, what was shown, and what cannot be answered."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from slava.domain import EncoderKey
from slava.errors import BadInput, BadSetting, ModelError
from slava.retrieval import Fusion, Index, Query, classify, open_encoder
from slava.retrieval.asking import ask_backbone
from slava.retrieval.classify import view_from
from slava.retrieval.encoder import Vectors, unit
from slava.retrieval.evaluate import Choice, collect_votes, figures, fit_on_library
from slava.retrieval.features import visible_features
from slava.retrieval.showing import contact_sheet, title_of
from slava.retrieval.view import Picture
from slava.vlm.backbone import Chunk, Report
from tests.retrieval.textures import KINDS, texture

KEY = EncoderKey("spectrum", "0", 24)


class SpectrumEncoder:
    """Power in rings and in two directions: enough for drawn textures."""

    key = KEY

    def encode(self, pictures: Sequence[Picture]) -> Vectors:
        return unit(np.stack([self._one(p) for p in pictures]))

    def _one(self, picture: Picture) -> np.ndarray:
        power = np.abs(np.fft.fftshift(np.fft.fft2(picture - picture.mean()))) ** 2
        y, x = np.indices(power.shape) - np.array(power.shape)[:, None, None] // 2
        ring = np.minimum(np.hypot(x, y).astype(int) // 3, 11)
        steep = (np.abs(y) > np.abs(x)).astype(int)
        told = np.bincount((2 * ring + steep).ravel(), power.ravel(), 24)
        return np.log1p(told) - np.log1p(told).mean()


class ScriptedBackbone:
    """Says what it is told to, and remembers what it was shown."""

    def __init__(
        self, answer: str, can_score: bool = True, pictures: int | None = None, kind="transformers"
    ) -> None:
        self.answer, self.can_score, self.pictures, self.kind = answer, can_score, pictures, kind
        self.shown: list[int] = []
        self.messages: list = []
        self.fails_above = 99

    def report(self) -> Report:
        return Report(
            "x", "x", self.kind, "none", "cpu", None, None, self.pictures, None, self.can_score
        )

    def score(self, messages, micrographs, candidates):
        self._see(messages, micrographs)
        return np.array([0.0 if c == self.answer else -3.0 for c in candidates])

    def stream(self, messages, micrographs, settings, stop=None):
        self._see(messages, micrographs)
        yield Chunk(f"It is {self.answer}.", finish="end")

    def _see(self, messages, micrographs) -> None:
        self.shown.append(len(micrographs))
        self.messages = list(messages)
        used = sorted(k for m in messages for k in m.micrographs)
        assert used == list(range(len(micrographs)))
        if len(micrographs) > self.fails_above:
            raise ModelError("too many pictures.")


ENCODER = SpectrumEncoder()
PICTURES = {f"{kind}-{seed}": texture(kind, seed) for kind in KINDS for seed in range(10)}
INDEX = Index(
    KEY,
    list(PICTURES),
    [i.split("-")[0] for i in PICTURES],
    [f"g{i.split('-')[1]}" for i in PICTURES],
    ENCODER.encode(list(PICTURES.values())),
    [f"{i}.png" for i in PICTURES],
)


def view_of(micrograph_id: str):
    return view_from(PICTURES[micrograph_id])


def query(kind: str, seed: int = 50) -> Query:
    return Query(texture(kind, seed), "q")


@pytest.mark.parametrize("kind", KINDS)
def test_neighbours_and_fused_answer(kind: str) -> None:
    found = classify(query(kind), INDEX, ENCODER)
    for voted in (found.ranked_knn, found.ranked_fused):
        assert voted[0].label == kind
        assert {r.label for r in voted} == set(KINDS)
        assert sum(r.probability for r in voted) == pytest.approx(1)
    assert len(found.neighbours) == 5
    assert found.ranked_model == ()
    assert found.model_note == "no model was asked"
    assert found.neighbours[0].demonstration.name in found.rationale
    assert kind in found.rationale


def test_a_query_of_the_library_is_not_its_own_neighbour() -> None:
    own = Query(PICTURES["dots-3"], "dots-3", "g3")
    found = classify(own, INDEX, ENCODER, k=8)
    assert "dots-3" not in {n.demonstration.micrograph_id for n in found.neighbours}
    strict = classify(own, INDEX, ENCODER, k=30, own_group_too=False)
    assert "g3" not in {n.demonstration.group for n in strict.neighbours}


def test_pinned_and_put_aside() -> None:
    found = classify(query("dots"), INDEX, ENCODER, k=2, pinned=["noise-1"], put_aside=["dots-1"])
    shown = [n.demonstration.micrograph_id for n in found.neighbours]
    assert shown[0] == "noise-1"
    assert "dots-1" not in shown


def test_nothing_close_abstains_with_a_reason() -> None:
    found = classify(query("dots"), INDEX, ENCODER, fusion=Fusion(least_similarity=0.9999))
    assert found.abstained
    assert "nearest demonstration" in found.reason
    assert not classify(
        query("dots"), INDEX, ENCODER, fusion=Fusion(least_similarity=0.1)
    ).abstained


def test_one_class_vectors_of_another_encoder_and_nobody_to_answer() -> None:
    one = Index(KEY, ["a"], ["x"], [""], INDEX.vectors[:1])
    with pytest.raises(BadInput, match="one class, 'x'"):
        classify(query("dots"), one, ENCODER)
    other = Index(EncoderKey("other", "0", 24), ["a"], ["x"], [""], INDEX.vectors[:1])
    with pytest.raises(BadInput, match="Embed the micrographs again"):
        classify(query("dots"), other, ENCODER)
    with pytest.raises(BadSetting, match="nothing can answer"):
        classify(query("dots"), INDEX, ENCODER, k=0)


def test_a_model_sees_demonstrations_one_after_the_other() -> None:
    model = ScriptedBackbone("blobs")
    found = classify(query("dots"), INDEX, ENCODER, model, k=3, view_of=view_of)
    assert model.shown == [4]
    assert found.ranked_model[0].label == "blobs"
    assert found.ranked_fused[0].label == "dots"
    assert "one after the other" in found.model_note
    said = [m.text for m in model.messages if m.role == "assistant"]
    assert said == [n.demonstration.label for n in reversed(found.neighbours)]


@pytest.mark.parametrize("pictures", [1, None])
def test_a_model_of_one_picture_gets_a_contact_sheet(pictures: int | None) -> None:
    model = ScriptedBackbone("dots", pictures=pictures)
    model.fails_above = 1
    found = classify(query("dots"), INDEX, ENCODER, model, k=3, view_of=view_of)
    assert model.shown[-1] == 1
    assert "contact sheet" in found.model_note
    assert found.ranked_model[0].label == "dots"


def test_zero_shot_and_the_builtin_see_the_query_alone() -> None:
    model = ScriptedBackbone("noise")
    found = classify(query("dots"), INDEX, ENCODER, model, k=0)
    assert found.ranked_knn == ()
    assert found.ranked_fused[0].label == "noise"
    builtin = ScriptedBackbone("noise", kind="builtin", pictures=4)
    found = classify(query("dots"), INDEX, ENCODER, builtin, view_of=view_of)
    assert builtin.shown == [1]
    assert "does not learn from them" in found.model_note


def test_a_model_without_scores_is_read_and_one_that_fails_is_a_note() -> None:
    asked = (view_from(texture("dots", 1)), [], None, ("dots", "porous_sponge", "sponge"))
    words = ask_backbone(ScriptedBackbone("porous sponge", can_score=False), *asked)
    assert words.probabilities is not None
    assert words.probabilities.argmax() == 1
    lost = ask_backbone(ScriptedBackbone("a cat", can_score=False), *asked)
    assert lost.probabilities is None
    assert "which is no label" in lost.note
    broken = ScriptedBackbone("dots")
    broken.fails_above = 0
    assert "gave no answer: too many pictures" in ask_backbone(broken, *asked).note


def test_the_contact_sheet_shows_all() -> None:
    views = [view_from(texture("dots", k)) for k in range(5)]
    sheet = contact_sheet(views, ["a_b"] * 5, view_from(texture("noise", 0)))
    assert sheet.pixels.shape == (2 * 266, 3 * 240)
    assert sheet.pixels.dtype == np.uint8
    assert title_of("rolled-in_scale") == "rolled-in scale"


def test_visible_features_name_what_is_drawn() -> None:
    assert "horizontal lines" in visible_features(texture("bands", 1))
    assert "vertical lines" in visible_features(texture("bands", 2))
    assert "bright features" in visible_features(texture("dots", 1))
    assert visible_features(texture("blobs", 0))[0] == "a coarse texture"
    assert visible_features(texture("noise", 0, (256, 256)))[0] == "a fine texture"
    assert visible_features(np.zeros((50, 60), np.uint8))


class Row:
    """What ``collect_votes`` needs of an entry."""

    def __init__(self, micrograph_id: str, group: str) -> None:
        self.id, self.group = micrograph_id, group


def test_figures_of_labelled_queries() -> None:
    entries = [Row(i, g) for i, g in zip(INDEX.ids, INDEX.groups, strict=True)]
    fusion = fit_on_library(INDEX, ENCODER, entries, np.arange(0, 40, 3), Choice())
    assert fusion.validated_on == 14
    fresh = [(kind, seed) for kind in KINDS for seed in range(60, 65)]
    vectors = ENCODER.encode([texture(*f) for f in fresh])
    asked = [Row(str(f), "") for f in fresh]
    told = figures(
        INDEX,
        [f[0] for f in fresh],
        collect_votes(INDEX, ENCODER, asked, vectors, Choice()),
        fusion,
    )
    assert told["top1"] == told["fused_top1"] >= 0.9
    assert told["knn_top1"] >= 0.9
    assert told["model_top1"] is None
    assert told["top1"] <= told["top2"] <= told["top3"] <= told["top5"] == 1
    assert sum(map(sum, told["confusion_matrix"])) == told["n"] == 20
    assert set(told["per_class"]) == set(KINDS)
    assert set(told["per_class"]["dots"]) == {"precision", "recall", "f1", "support"}


def test_similar_demonstrations_beat_random_ones() -> None:
    fresh = [(kind, seed) for kind in KINDS for seed in range(60, 70)]
    vectors = ENCODER.encode([texture(*f) for f in fresh])
    asked = [Row(str(f), "") for f in fresh]
    truth = [f[0] for f in fresh]
    for k in (1, 5):
        right = [
            figures(
                INDEX, truth, collect_votes(INDEX, ENCODER, asked, vectors, Choice(k, s)), Fusion()
            )
            for s in ("similar", "random")
        ]
        assert right[0]["knn_top1"] > right[1]["knn_top1"]


def test_an_encoder_without_a_name_is_refused() -> None:
    with pytest.raises(BadSetting, match="no encoder is named"):
        open_encoder(" ")
