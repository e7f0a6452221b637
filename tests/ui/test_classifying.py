"""Classifying behind the window: labelled folders, vectors, neighbours, model, labels by hand."""

from __future__ import annotations

import copy
import shutil
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from slava.domain import MicrographId
from slava.errors import BadInput, ModelError, ModelUnusable
from slava.settings import Settings
from slava.vlm.backbone import Report
from store import Labelling, Store
from tests.ui.conftest import measure_quickly, until
from tests.ui.scripted import open_scripted
from tests.ui.textures import CLASSES, TextureEncoder, texture, write_textures
from tests.vlm.scripted_backbone import ScriptedBackbone
from ui.services import Services
from ui.services.batching import Batch, BatchRow, to_csv
from ui.services.classifying import Found, Wish
from ui.services.importing import Importing
from ui.tabs.classify.showing import KeptPage, Page, Showing

QUIET = Wish(encoder="texture", ask_model=False)


class Opener:
    """Opens the texture encoder under any name, and keeps what it has opened."""

    def __init__(self) -> None:
        self.opened: dict[str, TextureEncoder] = {}

    def __call__(self, reference: str) -> TextureEncoder:
        if reference == "missing":
            raise ModelUnusable("missing is no encoder. Choose another.")
        self.opened[reference] = TextureEncoder(reference)
        return self.opened[reference]


@pytest.fixture
def opener() -> Opener:
    return Opener()


@pytest.fixture
def services(store: Store, workspace: Path, opener: Opener) -> Iterator[Services]:
    made = Services(
        store,
        Settings(workspace=workspace, port=0, open_browser=False),
        opener=open_scripted,
        measure_with=measure_quickly,
        encoder_opener=opener,
    )
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_textures(tmp_path / "labelled")


def taken_in(services: Services, source: Path, reference: str = "texture") -> Importing:
    services.classifying.add_labelled(source, reference)
    services.classifying.importing.job.wait()
    until(lambda: not services.classifying.busy)
    return services.classifying.importing


def added(services: Services, path: Path, label: str, seed: int) -> MicrographId:
    Image.fromarray(texture(label, seed)).save(path)
    return services.store.micrographs.add_micrograph(path).micrograph.id


def answered(services: Services, query: MicrographId, wish: Wish = QUIET) -> Found:
    found: list[Found] = []

    def ended() -> bool:
        found.append(services.classifying.answer(query, wish))
        return found[-1].state in ("done", "failed")

    until(ended)
    return found[-1]


def shown(found: Found) -> list[str]:
    assert found.classification is not None
    return [n.demonstration.micrograph_id for n in found.classification.neighbours]


# ------------------------------------------------------------------ taking in
def test_a_folder_of_class_folders_becomes_a_labelled_library(
    services: Services, folder: Path
) -> None:
    (folder / "rows" / "broken.tif").write_bytes(b"these are words")
    (folder / "dots" / "sample A").mkdir()
    Image.fromarray(texture("dots", 99)).save(folder / "dots" / "sample A" / "more.png")
    (folder / "nothing").mkdir()
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.state, job.total, job.done, job.labelled) == ("done", 20, 20, 19)
    assert [f.split(":")[0] for f in job.failures] == ["broken.tif"]
    assert job.notes == ("the class 'nothing' is empty; it is left out.",)
    labels = services.store.labels.list_labelled()
    assert {(r.provenance, r.set_by) for r in labels} == {("folder", "import")}
    assert [r.group for r in labels if r.group] == ["labelled/sample A"]
    standing = services.classifying.standing("texture")
    assert standing.counts == {"columns": 6, "dots": 7, "rows": 6}
    assert (standing.unlabelled, standing.missing) == (0, 0)


def test_equal_bytes_under_two_labels_are_reported_and_get_none(
    services: Services, folder: Path
) -> None:
    shutil.copy(folder / "dots" / "dots 0.png", folder / "rows" / "copy.png")
    job = taken_in(services, folder).job.now
    assert job is not None
    (conflict,) = job.conflicts
    assert "copy.png" in conflict
    assert "'dots'" in conflict
    assert "'rows'" in conflict
    assert services.classifying.standing("texture").unlabelled == 1


def test_a_label_that_is_there_stays_and_the_conflict_is_told(
    services: Services, folder: Path
) -> None:
    known = services.store.micrographs.add_micrograph(folder / "rows" / "rows 1.png").micrograph
    services.store.labels.set_label(Labelling(known.id, "scratches"))
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.known, len(job.conflicts)) == (1, 1)
    assert "'scratches' here: that one stays" in job.conflicts[0]
    record = services.store.labels.get_label(known.id)
    assert record is not None
    assert record.label == "scratches"


def test_taking_in_again_changes_nothing(services: Services, folder: Path) -> None:
    taken_in(services, folder)
    job = taken_in(services, folder).job.now
    assert job is not None
    assert (job.known, job.labelled, job.conflicts) == (18, 0, ())
    first = services.store.labels.list_labelled()[0]
    assert len(services.store.labels.list_history(first.micrograph_id)) == 1


def test_a_folder_without_classes_is_refused_in_words(services: Services, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="no labelled micrograph"):
        services.classifying.add_labelled(tmp_path, "texture")
    with pytest.raises(BadInput, match="neither a folder nor a CSV"):
        services.classifying.add_labelled(tmp_path / "gone", "texture")


def test_a_table_gives_labels_too(services: Services, folder: Path) -> None:
    table = folder / "labels.csv"
    table.write_text("file,label,group\nrows/rows 0.png,a,s1\ndots/dots 0.png,b,s2\n")
    taken_in(services, table)
    labels = services.store.labels.list_labelled()
    assert {(r.label, r.provenance) for r in labels} == {("a", "table"), ("b", "table")}


def test_a_library_can_be_drawn(services: Services, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ui.services.importing.DRAWN_OF_EACH", 1)
    monkeypatch.setattr("ui.services.importing.DRAWN_PX", (96, 72))
    services.classifying.add_drawings("texture")
    services.classifying.importing.job.wait()
    labels = services.store.labels.list_labelled()
    assert len(labels) == 10
    assert {r.provenance for r in labels} == {"drawing"}


# ------------------------------------------------------------------ answering
def test_a_query_is_classified_by_its_neighbours(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.ranked_fused[0].label == "rows"
    assert not found.classification.abstained
    assert len(found.classification.neighbours) == 5
    assert query not in shown(found)
    assert "rows" in found.classification.rationale
    assert found.validated_on == 18


def test_k_strategy_and_metric_change_the_answer_at_once(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "dots", 50)
    answered(services, query)
    for k in (1, 8):
        assert len(shown(services.classifying.answer(query, Wish(k, **_rest())))) == k
    near = services.classifying.answer(query, Wish(3, metric="euclidean", **_rest()))
    assert near.classification is not None
    assert near.classification.neighbours[0].distance is not None
    balanced = services.classifying.answer(query, Wish(3, "balanced", **_rest()))
    assert balanced.classification is not None
    labels = {n.demonstration.label for n in balanced.classification.neighbours}
    assert labels == set(CLASSES)


def _rest() -> dict[str, object]:
    return {"encoder": "texture", "ask_model": False}


def test_demonstrations_are_pinned_left_out_and_swapped(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "columns", 50)
    before = shown(answered(services, query))
    out = Wish(encoder="texture", ask_model=False, put_aside=(before[0],))
    after = shown(answered(services, query, out))
    assert before[0] not in after
    assert after[:4] == before[1:]
    far = services.store.labels.list_labelled()
    pinned = next(r.micrograph_id for r in far if r.label == "dots")
    assert shown(answered(services, query, Wish(pinned=(pinned,), **_rest())))[0] == pinned
    swapped = services.classifying.swap(query, QUIET, before[0])
    assert swapped.put_aside == (before[0],)
    found = answered(services, query, swapped)
    assert before[0] not in shown(found)
    assert swapped.pinned[0] in shown(found)
    assert swapped.pinned[0] not in before


def test_neighbours_of_the_own_source_can_be_left_out(services: Services, tmp_path: Path) -> None:
    folder = write_textures(tmp_path / "labelled", 4)
    (folder / "rows" / "sample A").mkdir()
    for seed in (20, 21, 22):
        path = folder / "rows" / "sample A" / f"a {seed}.png"
        Image.fromarray(texture("rows", seed)).save(path)
    taken_in(services, folder)
    query = next(r.micrograph_id for r in services.store.labels.list_labelled() if r.group)
    own = {r.micrograph_id for r in services.store.labels.list_labelled() if r.group}
    assert own.intersection(shown(answered(services, query, Wish(16, **_rest()))))
    apart = Wish(16, own_source_too=False, **_rest())
    assert not own.intersection(shown(answered(services, query, apart)))


def test_what_is_like_nothing_is_not_one_of_these_classes(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    path = tmp_path / "flat.png"
    Image.fromarray(np.full((96, 96), 120, np.uint8)).save(path)
    query = services.store.micrographs.add_micrograph(path).micrograph.id
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.abstained
    assert "none of these classes" in found.classification.reason


def test_one_class_alone_is_answered_in_words(services: Services, tmp_path: Path) -> None:
    taken_in(services, write_textures(tmp_path / "labelled", 2, ("rows",)))
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query)
    assert found.state == "failed"
    assert "one class, 'rows'" in found.error


def test_the_model_is_asked_beside_and_counts_only_where_nobody_else_speaks(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="texture"))
    assert found.classification is not None
    assert len(found.classification.ranked_model) == 3
    assert found.model_weight == 0
    assert found.classification.ranked_fused[0].label == "rows"
    alone = answered(services, query, Wish(0, encoder="texture"))
    assert alone.classification is not None
    assert alone.classification.neighbours == ()
    assert alone.classification.ranked_fused == alone.classification.ranked_model


def test_a_model_that_cannot_be_loaded_is_a_note(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    services.choose_model("missing/model", "none", 64, 0.0)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="texture"))
    assert found.state == "done"
    assert found.classification is not None
    assert found.classification.ranked_model == ()
    assert "missing/model is not on this machine" in found.classification.model_note


# ------------------------------------------------------------------ encoders
def test_vectors_of_another_encoder_stay_apart_and_are_made_anew(
    services: Services, folder: Path, opener: Opener
) -> None:
    taken_in(services, folder)
    services.classifying.embed_library("other")
    until(lambda: not services.classifying.busy)
    standing = services.classifying.standing("other")
    assert (standing.missing, standing.others) == (0, (("texture", 18),))
    assert opener.opened["other"].encoded == 18
    services.classifying.embed_library("other")
    until(lambda: not services.classifying.busy)
    assert opener.opened["other"].encoded == 18


def test_vectors_are_used_before_their_encoder_is_open(
    store: Store, workspace: Path, services: Services, folder: Path
) -> None:
    taken_in(services, folder)
    query = store.labels.list_labelled()[0].micrograph_id
    opener = Opener()
    settings = Settings(workspace=workspace, port=0, open_browser=False)
    later = Services(store, settings, opener=open_scripted, encoder_opener=opener)
    found = later.classifying.answer(query, QUIET)
    assert found.state == "done"
    assert opener.opened == {}
    later.close()


def test_an_encoder_that_cannot_be_opened_is_told_and_another_can_be_taken(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    found = answered(services, query, Wish(encoder="missing", ask_model=False))
    assert (found.state, found.error) == ("failed", "missing is no encoder. Choose another.")
    assert answered(services, query).state == "done"


def test_a_micrograph_whose_file_is_gone_fails_alone(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    services.store.micrographs.original_path(query).unlink()
    found = answered(services, query)
    assert found.state == "failed"
    assert "query.png" in found.error


def test_a_removed_demonstration_is_shown_no_more(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    query = added(services, tmp_path / "query.png", "rows", 50)
    first = shown(answered(services, query))[0]
    services.remove_micrograph(MicrographId(first))
    assert first not in shown(answered(services, query))


# ------------------------------------------------------------------ labels by hand
def test_labels_are_given_one_by_one_and_taken_back(services: Services, tmp_path: Path) -> None:
    ids = [added(services, tmp_path / f"{n}.png", "rows", n) for n in range(3)]
    labels = services.classifying.labels
    assert labels.next_unlabelled() == ids[0]
    assert labels.next_unlabelled((ids[0],)) == ids[1]
    labels.give(ids[0], "rows", suggested=True)
    labels.give(ids[1], "dots")
    assert labels.next_unlabelled() == ids[2]
    history = services.store.labels.list_labelled()
    assert {r.provenance for r in history} == {"suggestion", "hand"}
    assert labels.undo() == ids[1]
    assert labels.next_unlabelled() == ids[1]
    assert labels.undo() == ids[0]
    assert labels.undo() is None
    assert services.store.labels.count_labels() == {}


# ------------------------------------------------------------------ more than one
def test_a_folder_is_classified_file_by_file(
    services: Services, folder: Path, tmp_path: Path
) -> None:
    taken_in(services, folder)
    (queries := tmp_path / "=queries").mkdir()
    for seed, label in enumerate(CLASSES, start=60):
        Image.fromarray(texture(label, seed)).save(queries / f"{label}.png")
    Image.fromarray(np.full((96, 96), 120, np.uint8)).save(queries / "flat.png")
    (queries / "words.tif").write_bytes(b"these are words")
    batching = services.classifying.batching
    batching.begin(queries, QUIET)
    until(lambda: (batch := batching.job.now) is not None and batch.state == "done")
    batch = batching.job.now
    assert batch is not None
    by_name = {Path(row.file).name: row for row in batch.rows}
    assert {label: by_name[f"{label}.png"].label for label in CLASSES} == {c: c for c in CLASSES}
    assert by_name["flat.png"].abstained
    assert "words.tif" in by_name["words.tif"].error
    lines = to_csv(batch).splitlines()
    assert len(lines) == 6
    assert lines[0].startswith("file,label,probability")
    assert services.classifying.standing("texture").unlabelled == 4
    batching.job.dismiss()
    assert batching.job.now is None


def test_a_batch_is_paused_and_cancelled(
    services: Services, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken_in(services, folder)
    monkeypatch.setattr("ui.services.batching.TOGETHER", 1)
    batching = services.classifying.batching
    batching.begin(folder, QUIET)
    batching.job.pause()
    until(lambda: (batch := batching.job.now) is not None and batch.state == "paused")
    with pytest.raises(ModelError, match="a batch is under way"):
        batching.begin(folder, QUIET)
    batching.job.cancel()
    until(lambda: (batch := batching.job.now) is not None and batch.state == "cancelled")
    batch = batching.job.now
    assert batch is not None
    assert len(batch.rows) < batch.total


def test_text_that_a_spreadsheet_would_run_is_quoted() -> None:
    batch = Batch("f", (BatchRow("=cmd.tif", error="=x"),), total=1)
    assert to_csv(batch).splitlines()[1].startswith("'=cmd.tif,")


def test_the_library_is_laid_out_as_a_map(services: Services, folder: Path, tmp_path: Path) -> None:
    taken_in(services, folder)
    first = services.classifying.map_of("texture")
    assert first is not None
    assert first[1].method == "pca"
    until(lambda: services.classifying.mapping.laid == 1, 120)
    query = added(services, tmp_path / "query.png", "rows", 50)
    answered(services, query)
    found = services.classifying.map_of("texture")
    assert found is not None
    index, laid = found
    assert (laid.method, laid.points.shape) == ("tsne", (19, 2))
    assert np.isfinite(laid.points).all()
    assert laid.points.min() >= 0
    assert laid.points.max() <= 1
    nearest = index.nearest(index.vectors[index.row_of(query) or 0], 4, exclude_ids={query})
    near = [index.row_of(n.demonstration.micrograph_id) or 0 for n in nearest]
    at = laid.points[index.row_of(query) or 0]
    assert np.linalg.norm(laid.points[near] - at, axis=1).min() < 0.5


def test_what_the_model_is_worth_is_found_out_and_kept(
    store: Store, workspace: Path, folder: Path, tmp_path: Path
) -> None:
    def told(reference: str, **_rest: object) -> ScriptedBackbone:
        return ScriptedBackbone(lambda question: ["rows"])

    settings = Settings(workspace=workspace, port=0, open_browser=False)
    services = Services(store, settings, opener=told, encoder_opener=Opener())
    taken_in(services, folder)
    services.classifying.weigh_model(QUIET)
    until(
        lambda: (w := services.classifying.weighing.job.now) is not None and w.state == "done", 60
    )
    weighed = services.classifying.weighing.job.now
    assert weighed is not None
    assert (weighed.total, weighed.done) == (18, 18)
    assert weighed.neighbours_right > weighed.model_right
    query = added(services, tmp_path / "query.png", "dots", 50)
    found = answered(services, query)
    assert found.classification is not None
    assert found.classification.ranked_fused[0].label == "dots"
    assert store.settings.get_setting("classify_weights")
    services.close()


@pytest.mark.parametrize(("most", "how"), [(None, "one after the other"), (1, "on one sheet")])
def test_a_question_about_the_set_is_answered_by_a_model_that_compares(
    store: Store, workspace: Path, folder: Path, most: int | None, how: str
) -> None:
    about = Report(
        "large", "Large", "transformers", "none", "cpu", max_micrographs=most, can_score=True
    )
    backbone = ScriptedBackbone(lambda question: ["They ", "differ."], about=about)

    def opened(reference: str, **_rest: object) -> ScriptedBackbone:
        return backbone

    settings = Settings(workspace=workspace, port=0, open_browser=False)
    services = Services(store, settings, opener=opened, encoder_opener=Opener())
    taken_in(services, folder)
    query = store.labels.list_labelled()[0].micrograph_id
    services.classifying.compare(query, QUIET, "What  differs?")
    comparing = services.classifying.comparing
    until(lambda: (c := comparing.job.now) is not None and c.state != "running")
    told = comparing.job.now
    assert told is not None
    assert (told.state, told.text, told.question) == ("done", "They differ.", "What differs?")
    assert how in told.note
    pictures = backbone.asked[-1][-1].micrographs
    assert len(pictures) == (6 if most is None else 1)
    services.close()


def test_the_built_in_model_says_that_it_cannot_compare(services: Services, folder: Path) -> None:
    taken_in(services, folder)
    query = services.store.labels.list_labelled()[0].micrograph_id
    services.classifying.compare(query, QUIET, "What differs?")
    comparing = services.classifying.comparing
    until(lambda: (c := comparing.job.now) is not None and c.state != "running")
    assert comparing.job.now is not None
    assert "one micrograph at a time" in comparing.job.now.error
    with pytest.raises(BadInput, match="no demonstration is shown"):
        comparing.ask("What?", query, ())
    comparing.job.dismiss()
    assert comparing.job.now is None


# ------------------------------------------------------------------ what the tab shows
def panel(services: Services, page: Page) -> dict[str, Any]:
    return Showing(services, "slava/token").panel(page, 7)


def test_the_tab_shows_who_says_what(services: Services, folder: Path, tmp_path: Path) -> None:
    assert panel(services, Page())["library"]["labelled"] == 0
    taken_in(services, folder)
    query = added(services, tmp_path / "query_1.png", "rows", 50)
    answered(services, query, Wish(encoder="texture"))
    shown = panel(services, Page(query, Wish(encoder="texture")))
    assert shown["seen"] == 7
    assert [one["key"] for one in shown["library"]["classes"]] == ["1", "2", "3"]
    assert shown["library"]["embedding"] is None
    answer = shown["answer"]
    assert (answer["verdict"], answer["state"]) == ("rows", "done")
    assert {r["label"] for r in answer["rows"]} == set(CLASSES)
    assert all(sum(r[v] for r in answer["rows"]) == pytest.approx(1) for v in ("fused", "knn"))
    assert all(isinstance(r["model"], float) for r in answer["rows"])
    assert "shown, not counted" in answer["model_note"]
    assert "leaving out 18" in answer["validated"]
    assert len(shown["gallery"]) == 5
    assert shown["gallery"][0]["source"] == "from its folder"
    assert shown["query"]["told"] == ""


def test_the_tab_offers_to_embed_what_another_encoder_has_seen(
    services: Services, folder: Path
) -> None:
    taken_in(services, folder)
    services.classifying.embedding.opened("other", threading.Event())
    offered = panel(services, Page(wish=Wish(encoder="other")))["library"]["embedding"]
    assert offered["offer"] == "Re-embed 18"
    assert "encoders are never mixed" in offered["text"]


def test_a_library_that_the_encoder_has_not_seen_is_told_as_such(
    services: Services, folder: Path
) -> None:
    taken_in(services, folder)
    query = services.store.labels.list_labelled()[0].micrograph_id
    found = answered(services, query, Wish(encoder="other", ask_model=False))
    assert found.error.startswith("this encoder has not seen the 18 labelled micrographs")


def test_a_wish_is_remembered_without_what_was_meant_for_one_query(services: Services) -> None:
    show = Showing(services, "base")
    show.keep(Wish(7, "diverse", encoder="texture", pinned=("a",), put_aside=("b",)))
    assert show.wish(Page()) == Wish(7, "diverse", encoder="texture")
    assert show.encoders(show.wish(Page())) == ["builtin", "texture"]


def test_events_that_overlap_change_the_page_one_after_the_other(services: Services) -> None:
    show, kept = Showing(services, "base"), KeptPage()
    first = show.shown(kept, lambda page: replace(page, labelling=True))
    second = show.shown(kept, lambda page: replace(page, skipped=("a",)))
    assert (kept.page.labelling, kept.page.skipped) == (True, ("a",))
    assert second["turn"] > first["turn"]
    assert copy.deepcopy(kept).page == Page()
