"""What the tab shows of it all."""

from __future__ import annotations

import copy
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.ui.classify.library import added, answered, taken_in
from tests.ui.textures import CLASSES
from ui.services import Services
from ui.services.classifying import Wish
from ui.tabs.classify.showing import KeptPage, Page, Showing


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
