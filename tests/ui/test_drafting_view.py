"""What the draft panel asks for, over its routes: here, prepare, look, agree, what came of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import Micrograph, MicrographId
from slava.settings import Settings
from slava.teacher.ledger import JobId
from store import Store
from store.labels import Labelling
from tests.store.drawn_pairs import a_pair
from tests.store.plain_reader import write_micrograph
from tests.teacher.fake_server import FakeTeacher
from ui.services import Services
from ui.services.checking import MOST_BY_MEANING
from ui.services.choosing import chosen_of
from ui.services.teaching import Desk
from ui.tabs.curate import draft_routes

Say = Callable[..., dict[str, Any]]


@pytest.fixture
def micrographs(store: Store, tmp_path: Any) -> list[Micrograph]:
    """Three, two of them labelled."""
    made = []
    for seed in range(3):
        file = write_micrograph(tmp_path / f"Zephyr_{seed}.png", seed=seed)
        made.append(store.micrographs.add_micrograph(file).micrograph)
        if seed < 2:
            store.labels.set_label(Labelling(made[-1].id, "powder"))
    return made


@pytest.fixture
def fake() -> Iterator[FakeTeacher]:
    with FakeTeacher() as server:
        yield server


@pytest.fixture
def served(services: Services) -> Iterator[Services]:
    """The services with a key, closed at the end."""
    services.settings = replace(services.settings, teacher_api_key="sk-valid")
    services.drafting._settings = services.settings
    yield services
    services.close()


@pytest.fixture
def client(served: Services) -> Iterator[TestClient]:
    app = Starlette(routes=draft_routes.routes(served, "slava/token"))
    with TestClient(app) as asking:
        yield asking


@pytest.fixture
def say(client: TestClient) -> Say:
    def said(name: str, status: int = 200, **body: Any) -> dict[str, Any]:
        answer = client.post(f"/{name}.json", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    return said


WISH = {"choose": "all", "aspects": ["size"], "templates": ["vqa"], "pack": "nanomaterials"}


def test_everything_that_can_be_chosen_is_told_and_the_last_choice_is_kept(
    say: Say, served: Services, micrographs: list[Micrograph]
) -> None:
    form = say("form")
    packs = {pack["id"]: pack for pack in form["packs"]}
    assert len(packs["nanomaterials"]["aspects"]) == 10
    assert packs["nanomaterials"]["comparisons"]
    assert form["key"] is True
    assert "sk-valid" not in str(form), "a key is never shown"
    rows = say("micrographs")["items"]
    assert [r["pairs"] for r in rows] == [0, 0, 0]
    assert sorted(r["label"] for r in rows) == ["", "powder", "powder"]
    say("here", **{**WISH, "choose": "label", "label": "powder"})
    served.drafting.sending.wait()
    assert say("form")["wish"]["label"] == "powder"


def test_three_drafted_on_this_machine_wait_and_are_counted(
    say: Say, served: Services, micrographs: list[Micrograph]
) -> None:
    say("here", **{**WISH, "aspects": ["size", "composition"]})
    served.drafting.sending.wait()
    state = say("state")
    assert (state["sending"]["state"], state["sending"]["done"]) == ("done", 3)
    assert "on this machine, free" in state["sending"]["text"]
    assert state["pairs"] == {"pending": state["sending"]["pairs"]}
    assert state["sending"]["pairs"] >= 3
    drafted = {r["id"]: r["pairs"] for r in say("micrographs")["items"]}
    assert all(drafted.values())
    assert chosen_of(served.store, "without") == ()
    assert say("here", 422, **{**WISH, "choose": "without"})["error"].startswith("no micrograph")


def test_the_payload_is_shown_as_it_leaves_and_cancel_sends_nothing(
    say: Say,
    client: TestClient,
    served: Services,
    micrographs: list[Micrograph],
    fake: FakeTeacher,
) -> None:
    say("confidential", ids=[micrographs[0].id], confidential=True)
    say("licence", ids=[m.id for m in micrographs], licence=" CC-BY-4.0 ")
    assert {r["licence"] for r in say("micrographs")["items"]} == {"CC-BY-4.0"}
    say("prepare", **WISH, url=fake.url, model="gpt-4o")
    served.drafting.planning.wait()
    plan = say("state")["plan"]
    assert (plan["host"], plan["requests"], plan["micrographs"]) == (fake.host, 2, 2)
    assert plan["left_out"] == ["Zephyr_0.png"], "the confidential one is named"
    assert plan["cost_usd"] > 0
    shown = say("requests")
    assert shown["total"] == 2
    assert "Zephyr" not in shown["requests"][0]["json"]
    assert '"messages"' in shown["requests"][0]["json"]
    picture = client.get(shown["requests"][0]["pictures"][0]["url"].split("/draft")[-1])
    assert picture.content[:4] == b"\x89PNG"
    assert "Zephyr" not in client.get("/payload.json").text
    say("discard")
    assert say("state")["plan"] is None
    assert say("send", 422, hash=plan["hash"], cap=1)["error"].startswith("nothing is prepared")
    assert fake.bodies == []


def test_what_was_agreed_to_is_sent_and_every_outcome_can_be_opened(
    say: Say, served: Services, micrographs: list[Micrograph], fake: FakeTeacher
) -> None:
    fake.order("refusal", "truncated", None)
    say("prepare", **WISH, url=fake.url, model="gpt-4o")
    served.drafting.planning.wait()
    agreed = say("state")["plan"]["hash"]
    assert say("send", 422, hash=agreed)["error"].endswith("give a cost cap.")
    assert fake.bodies == []
    say("send", hash=agreed, cap=1, concurrency=1)
    served.drafting.sending.wait()
    state = say("state")
    assert "USD of 1.00 USD spent" in state["sending"]["text"]
    (job,) = state["jobs"]
    counts = {one["state"]: one["count"] for one in job["outcomes"]}
    assert counts == {"answered": 1, "refused": 1, "truncated": 1}
    assert job["host"] == fake.host, "as the pairs name it, to be found in the review"
    assert served.store.pairs.count_by("teacher") == {fake.host: 1}
    (refused,) = say("outcomes", job=job["id"], state="refused")["rows"]
    assert refused["reason"].startswith("the teacher refused")
    raw = say("response", id=refused["id"])
    assert "I cannot look at this." in raw["raw"]
    assert "picture:" in raw["sent"]
    assert say("rest", 422, job=job["id"])["error"].endswith("has been answered.")


def test_uncertain_requests_are_asked_again_or_left(
    say: Say, served: Services, micrographs: list[Micrograph], fake: FakeTeacher
) -> None:
    fake.order("cut")
    say("prepare", **{**WISH, "choose": "label", "label": "powder"}, url=fake.url, model="gpt-4o")
    served.drafting.planning.wait()
    say("send", hash=say("state")["plan"]["hash"], cap=1, concurrency=1)
    served.drafting.sending.wait()
    (job,) = say("state")["jobs"]
    assert job["uncertain"] == 1
    say("leave", job=job["id"])
    assert say("state")["jobs"][0]["uncertain"] == 0
    say("rest", job=job["id"])
    plan = say("state")["plan"]
    assert plan["requests"] == 1
    say("send", hash=plan["hash"], cap=1, resend=True)
    served.drafting.sending.wait()
    outcomes = served.store.drafts.count_outcomes()[JobId(job["id"])]
    assert outcomes == {"answered": 2}


def test_what_a_page_sends_is_not_trusted(say: Say, client: TestClient) -> None:
    assert client.post("/state.json", content=b"[1]").status_code == 422
    assert say("work", 422, do="explode")["error"]
    assert say("outcomes", 422, job="x", state="x")["error"]
    assert say("here", 422, **{**WISH, "choose": "every"})["error"]
    assert say("prepare", 422, **WISH, size="wide", url="http://127.0.0.1:1", model="m")["error"]
    assert say("response", 404, id="x")["error"]
    assert client.get("/picture/x/0").status_code == 404


def test_pairs_that_enter_are_compared_by_meaning_with_those_there_are(
    store: Store, micrographs: list[Micrograph]
) -> None:
    read: list[str] = []

    def embed(texts: Any) -> Any:
        read.extend(texts)
        return np.ones((len(texts), 4), np.float32) / 2  # everything means the same

    at = [MicrographId(micrographs[0].id)]
    first = a_pair(1, at, question="How wide are they?", answer="They look quite thin.")
    second = a_pair(3, at, question="What is their width?", answer="All of them are fine.")
    store.pairs.add_pairs([first])
    pack = Desk(store).pack("nanomaterials")
    assert not [f for f in Desk(store).flags([second], at, pack)[second.id] if "nearly" in f.detail]
    flags = Desk(store, embed).flags([second], at, pack)[second.id]
    assert any(f.kind == "duplicate" and "nearly the same" in f.detail for f in flags)
    assert len(read) == 4
    assert MOST_BY_MEANING > 1000


def test_an_answer_that_other_micrographs_have_is_flagged(
    store: Store, micrographs: list[Micrograph]
) -> None:
    desk, said = Desk(store), "Rounded bodies lie close beside their neighbours."
    pack, found = desk.pack("nanomaterials"), list[str]()
    for place, one in enumerate(micrographs):
        at = [MicrographId(one.id)]
        pair = a_pair(2 * place, at, question="What is seen?", answer=said)
        flags = desk.flags([pair], at, pack)
        store.pairs.add_pairs([pair], flags)
        found = [f.detail for f in flags[pair.id] if f.kind == "ignores_micrograph"]
        assert bool(found) is (place > 0)
    assert "2 other micrographs" in found[0]


def test_settings_without_a_teacher_name_what_is_missing(
    say: Say, served: Services, micrographs: list[Micrograph]
) -> None:
    served.settings = Settings(served.settings.workspace)
    assert "SLAVA_TEACHER_URL" in say("prepare", 422, **WISH)["error"]
