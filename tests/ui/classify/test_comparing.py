"""Questions about a query and its demonstrations: answered, kept, reopened."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from gradio import EventData

from slava.errors import BadInput
from slava.settings import Settings
from slava.vlm.backbone import Report
from store import Store
from tests.ui.classify.library import QUIET, Opener, taken_in
from tests.ui.conftest import until
from tests.vlm.scripted_backbone import ScriptedBackbone
from ui.services import Services
from ui.tabs.classify.on_query import OnQuery
from ui.tabs.classify.showing import Page, Showing


class Large:
    """A model that takes several pictures, or ``most``, and always says the same."""

    def __init__(self, most: int | None = None) -> None:
        about = Report(
            "large", "Large", "transformers", "none", "cpu", max_micrographs=most, can_score=True
        )
        self.backbone = ScriptedBackbone(lambda question: ["They ", "differ."], about=about)

    def __call__(self, reference: str, **_rest: object) -> ScriptedBackbone:
        return self.backbone


def asked(services: Services, question: str, page: Page) -> Page:
    """Ask as the tab does, and wait for the answer."""
    assert page.query is not None
    at = services.classifying.compare(page.query, QUIET, question, page.compared)
    services.classifying.comparing.job.wait()
    return replace(page, compared=at)


@pytest.mark.parametrize(("most", "how"), [(None, "one after the other"), (1, "on one sheet")])
def test_a_question_about_the_set_is_answered_by_a_model_that_compares(
    store: Store, workspace: Path, folder: Path, most: int | None, how: str
) -> None:
    large = Large(most)
    settings = Settings(workspace=workspace, port=0, open_browser=False)
    services = Services(store, settings, opener=large, encoder_opener=Opener())
    taken_in(services, folder)
    query = store.labels.list_labelled()[0].micrograph_id
    services.classifying.compare(query, QUIET, "What  differs?")
    comparing = services.classifying.comparing
    until(lambda: (c := comparing.job.now) is not None and c.state != "running")
    told = comparing.job.now
    assert told is not None
    assert (told.state, told.text, told.question) == ("done", "They differ.", "What differs?")
    assert how in told.note
    pictures = large.backbone.asked[-1][-1].micrographs
    assert len(pictures) == (6 if most is None else 1)
    services.close()


def test_what_was_asked_is_kept_and_can_be_gone_on_with_after_a_restart(
    store: Store, workspace: Path, folder: Path
) -> None:
    large = Large()
    settings = Settings(workspace=workspace, port=0, open_browser=False)
    services = Services(store, settings, opener=large, encoder_opener=Opener())
    taken_in(services, folder)
    query = store.labels.list_labelled()[0].micrograph_id
    page = asked(services, "What differs?", Page(query, QUIET))
    services.close()

    later = Services(store, settings, opener=large, encoder_opener=Opener())
    panel = Showing(later, "base").panel(Page(query, QUIET))
    assert panel["compared"] is None
    assert [one["title"] for one in panel["earlier"]] == ["What differs?"]
    assert panel["earlier"][0]["told"] == "with 5 others"
    query_events = OnQuery(later, Showing(later, "base"))
    page = query_events.reopen(Page(query, QUIET), EventData(None, {"id": page.compared}))
    assert page.wish is not None
    shown = [n["id"] for n in Showing(later, "base").panel(page)["gallery"]]
    assert (tuple(shown), page.wish.k) == (page.wish.pinned, 5)
    page = asked(later, "And in size?", page)
    told = Showing(later, "base").panel(page)["compared"]
    assert [turn["question"] for turn in told["turns"]] == ["What differs?", "And in size?"]
    assert [turn["text"] for turn in told["turns"]] == ["They differ."] * 2
    assert [m.text for m in large.backbone.asked[-1][1:3]] == ["What differs?", "They differ."]
    assert len(store.conversations.list_conversations(query)) == 1
    page = query_events.stop_comparing(page)
    assert Showing(later, "base").panel(page)["compared"] is None
    later.close()


def test_an_answer_that_failed_is_kept_with_its_reason(services: Services, folder: Path) -> None:
    taken_in(services, folder)
    query = services.store.labels.list_labelled()[0].micrograph_id
    asked(services, "What differs?", Page(query, QUIET))
    (kept,) = services.classifying.comparing.kept(query)
    assert kept.turns[0].status == "failed"
    assert "one micrograph at a time" in kept.turns[0].error
    services.store.conversations.add_conversation(query, "about the query alone")
    assert len(services.classifying.comparing.kept(query)) == 1


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
