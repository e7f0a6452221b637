"""Reviewing without a browser: pairs, verdicts, undo, search, keys, what a page may send."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from slava.domain import Flag, PairId
from slava.errors import BadSetting
from store import PairFilter, Store
from tests.store.drawn_pairs import a_pair, add_micrographs, add_pairs
from tests.ui.conftest import until
from ui.services import Services
from ui.services.meanings import Meanings
from ui.services.news import News
from ui.services.reviewing import DEFAULT_KEYS, Reviewing
from ui.tabs.curate.review_routes import routes

BASE = "/slava/token"


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[PairId]:
    added = add_pairs(store, tmp_path, 6)
    flag = Flag("wrong_number", "The answer says 3 µm, the fact says 9 µm.", 0.9)
    store.pairs.set_flags(added[3], [flag])
    return added


@pytest.fixture
def reviewing(services: Services) -> Reviewing:
    return services.reviewing


@pytest.fixture
def client(services: Services, ids: list[PairId]) -> Iterator[TestClient]:
    """The routes of the view, without Gradio."""
    mounted = Mount(f"{BASE}/curate/review", routes=routes(services, BASE))
    with TestClient(Starlette(routes=[mounted])) as opened:
        yield opened


def post(client: TestClient, route: str, status: int = 200, /, **body: Any) -> Any:
    answer = client.post(f"{BASE}/curate/review/{route}.json", json={"reviewer": "ann", **body})
    assert answer.status_code == status, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


# ------------------------------------------------------------------ pairs and verdicts
def test_the_riskiest_comes_first_with_all_that_stands_around_it(
    client: TestClient, ids: list[PairId]
) -> None:
    pairs = post(client, "ahead", count=8)["pairs"]
    assert [p["id"] for p in pairs] == [ids[3], *ids[:3], *ids[4:]]
    first = pairs[0]
    assert first["flags"] == [
        {
            "kind": "wrong_number",
            "detail": "The answer says 3 µm, the fact says 9 µm.",
            "severity": 0.9,
        }
    ]
    assert first["question"] == first["drafted"]["question"] == "What is shown in number 3?"
    assert ["teacher", "api.example.org"] in first["provenance"]
    assert first["micrographs"][0]["preview"].startswith(f"{BASE}/m/")
    assert first["history"] == []
    more = post(client, "ahead", count=8, skip=[p["id"] for p in pairs])
    assert more == {"pairs": []}


def test_the_viewer_gets_what_it_draws_with(client: TestClient, store: Store) -> None:
    at = post(client, "ahead", count=1)["pairs"][0]["micrograph"]
    doc = client.get(f"{BASE}/curate/review/m/{at}.json").json()
    assert doc["id"] == at
    assert doc["base"] == f"{BASE}/m/{at}"
    assert (doc["w"], doc["h"]) == (
        store.micrographs.get_micrograph(at).width_px,
        store.micrographs.get_micrograph(at).height_px,
    )
    assert client.get(f"{BASE}/curate/review/m/nothing.json").status_code == 404


def test_verdicts_are_written_and_taken_back_in_the_opposite_order(
    client: TestClient, ids: list[PairId], store: Store
) -> None:
    judged = post(client, "verdict", id=ids[0], verdict="accepted", seen=0, seconds=1.5)
    assert (judged["state"], judged["seen"], judged["reviewers"]) == ("accepted", 1, ["ann"])
    words = {"question": "What is it?", "answer": "Wires.", "detailed": ""}
    post(client, "verdict", id=ids[1], verdict="edited", comment="shorter", **words)
    post(client, "verdict", id=ids[2], verdict="rejected", reason="not_visible")
    seen = post(client, "look", id=ids[1])
    assert (seen["answer"], seen["drafted"]["answer"]) == ("Wires.", "Fibres of 1 µm.")
    assert seen["history"][0]["comment"] == "shorter"
    back = [post(client, "undo")["pair"]["id"] for _ in range(3)]
    assert back == [ids[2], ids[1], ids[0]]
    assert post(client, "undo") == {"pair": None}
    assert store.pairs.count_by("state") == {"pending": 6}
    assert post(client, "redo")["pair"]["state"] == "accepted"


def test_whoever_is_late_is_told_in_one_line(client: TestClient, ids: list[PairId]) -> None:
    post(client, "ahead", count=2, filter={"order": "added"})
    held = post(client, "open", 409, id=ids[0], reviewer="ben")
    assert held["error"].startswith("ann is looking at this pair.")
    post(client, "release")
    post(client, "verdict", id=ids[0], verdict="accepted", seen=0, reviewer="ben")
    late = post(client, "verdict", 409, id=ids[0], verdict="accepted", seen=0)
    assert "judged meanwhile, by ben" in late["error"]
    assert "\n" not in late["error"]


def test_one_verdict_on_all_that_is_meant_is_one_step(
    client: TestClient, ids: list[PairId], store: Store
) -> None:
    sizes = {"aspect": "size", "state": "pending"}
    body = {"filter": sizes, "verdict": "rejected", "reason": "duplicate"}
    assert post(client, "bulk", **body) == {"meant": 3, "reviewed": 3, "held": 0}
    assert store.pairs.count_by("state") == {"pending": 6}
    assert post(client, "bulk", dry_run=False, **body)["reviewed"] == 3
    assert store.pairs.count_by("state") == {"pending": 3, "rejected": 3}
    assert post(client, "undo")["pair"]["id"] == ids[0]
    assert store.pairs.count_by("state") == {"pending": 6}


def test_those_picked_get_one_verdict_unless_judged_or_held_meanwhile(
    client: TestClient, ids: list[PairId], store: Store
) -> None:
    body = {"verdict": "rejected", "reason": "duplicate", "picked": dict.fromkeys(ids[:4], 0)}
    post(client, "verdict", id=ids[1], verdict="accepted", reviewer="ben")
    post(client, "open", id=ids[2], reviewer="ben")
    assert post(client, "picked", **body) == {"reviewed": 2, "held": 1, "changed": 1}
    assert store.pairs.count_by("state") == {"accepted": 1, "pending": 3, "rejected": 2}
    assert post(client, "undo")["pair"]["id"] == ids[0]
    assert store.pairs.count_by("state") == {"accepted": 1, "pending": 5}
    again = {**body, "picked": {ids[0]: 0, ids[1]: 1, "gone": 0}}
    assert post(client, "picked", **again) == {"reviewed": 2, "held": 0, "changed": 1}


def test_the_list_goes_on_where_it_ended(client: TestClient, ids: list[PairId]) -> None:
    first = post(client, "list", count=4, filter={"order": "added"})
    assert (len(first["rows"]), first["total"]) == (4, 6)
    after = first["rows"][-1]["id"]
    rest = post(client, "list", count=4, filter={"order": "added"}, after=after)
    assert [r["id"] for r in rest["rows"]] == ids[4:]
    found = post(client, "list", count=9, filter={"text": "number 5"})
    assert [r["id"] for r in found["rows"]] == [ids[5]]


def test_progress_says_how_it_goes(client: TestClient, ids: list[PairId]) -> None:
    post(client, "verdict", id=ids[0], verdict="accepted", seconds=2.0)
    post(client, "verdict", id=ids[1], verdict="skipped")
    now = post(client, "state", filter={"aspect": "size", "state": "pending"})
    assert now["states"] == {"pending": 5, "accepted": 1}
    assert now["meant"] == {"pending": 2, "accepted": 1}
    assert now["facets"]["aspect"] == {"shape": 3, "size": 3}
    assert now["pace"]["by_verdict"] == {"accepted": 1, "skipped": 1}
    assert now["skipped"] == 1
    assert now["reviewer"] == "ann"
    assert now["titles"]["size"]


def test_two_people_may_be_asked_and_their_agreement_is_shown(
    client: TestClient, ids: list[PairId]
) -> None:
    post(client, "settings", reviewers_wanted=2)
    for name, verdicts in (("ann", "aar"), ("ben", "ara")):
        for pair_id, letter in zip(ids, verdicts, strict=False):
            verdict, reason = ("accepted", "") if letter == "a" else ("rejected", "other")
            said = {"id": pair_id, "verdict": verdict, "reason": reason}
            post(client, "verdict", reviewer=name, **said)
    now = post(client, "state")
    assert now["states"] == {"accepted": 1, "disagreed": 2, "pending": 3}
    (agreement,) = now["agreements"]
    assert (agreement["first"], agreement["second"], agreement["count"]) == ("ann", "ben", 3)
    assert agreement["kappa"] == pytest.approx(-0.5)
    queue = post(client, "ahead", count=8, filter={"state": "disagreed"}, reviewer="eve")
    assert [p["id"] for p in queue["pairs"]] == ids[1:3]


def test_a_category_is_corrected_from_here(
    client: TestClient, ids: list[PairId], services: Services, store: Store
) -> None:
    at = post(client, "look", id=ids[0])["micrograph"]
    assert post(client, "label", micrograph=at, label=" fibres ")["labels"] == ["fibres"]
    assert post(client, "look", id=ids[0])["micrographs"][0]["label"] == "fibres"
    services.classifying.labels.undo()
    record = store.labels.get_label(at)
    assert record is None or record.label is None
    post(client, "label", 404, micrograph="nothing", label="fibres")


# ------------------------------------------------------------------ who, and with which keys
def test_the_name_is_kept_and_that_of_a_login_stands_above_it(
    client: TestClient, reviewing: Reviewing, ids: list[PairId]
) -> None:
    post(client, "settings", name="  Dr. Ann ")
    assert reviewing.reviewer() == "Dr. Ann"
    post(client, "settings", 422, name=" ")
    client.app.tokens, client.app.cookie_id = {"secret": "ben"}, "7"  # type: ignore[attr-defined]
    client.cookies.set("access-token-unsecure-7", "secret")
    judged = post(client, "verdict", id=ids[0], verdict="accepted")
    assert judged["reviewers"] == ["ben"]
    post(client, "settings", name="eve")
    assert reviewing.reviewer() == "Dr. Ann"


def test_keys_are_changed_and_never_do_two_things(reviewing: Reviewing) -> None:
    assert reviewing.keys()["accept"] == ["a", "Enter"]
    assert reviewing.set_keys({"accept": ["f"]})["accept"] == ["f"]
    assert reviewing.keys()["reject"] == ["r", "Backspace"]
    doubled = {"skip": ["f"], "accept": ["f"]}
    none: dict[str, list[str]] = {"accept": []}
    for wrong in (doubled, none, {"accept": ["3"]}):
        with pytest.raises(BadSetting):
            reviewing.set_keys(wrong)
    reviewing.set_keys({})
    assert reviewing.keys() == {act: list(keys) for act, keys in DEFAULT_KEYS.items()}


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("verdict", {"id": "p000", "verdict": "praised"}, 422),
        ("verdict", {"id": "p000", "verdict": "rejected"}, 422),
        ("verdict", {"id": "p000", "verdict": "rejected", "reason": "ugly"}, 422),
        ("verdict", {"id": "nothing", "verdict": "accepted"}, 404),
        ("verdict", {"verdict": "accepted"}, 404),
        ("picked", {"verdict": "accepted"}, 422),
        ("picked", {"verdict": "accepted", "picked": {"p000": "0"}}, 422),
        ("picked", {"verdict": "rejected", "picked": {"p000": 0}}, 422),
        ("picked", {"verdict": "edited", "picked": {"p000": 0}}, 422),
        ("open", {"id": 7}, 404),
        ("ahead", {"filter": {"state": "lost"}}, 422),
        ("list", {"filter": {"order": "by mood"}}, 422),
        ("settings", {"reviewers_wanted": 9}, 422),
    ],
)
def test_what_a_page_sends_is_not_trusted(
    client: TestClient, store: Store, name: str, body: dict[str, Any], status: int
) -> None:
    assert post(client, name, status, **body)["error"]
    assert store.pairs.count_by("state") == {"pending": 6}
    for sent in (b"", b"[]", b"{", b"\xff"):
        path = f"{BASE}/curate/review/verdict.json"
        assert client.post(path, content=sent).status_code in (404, 422)


# ------------------------------------------------------------------ search by meaning
def letters(texts: Sequence[str]) -> NDArray[np.float32]:
    """How often each letter occurs, as a vector: alike texts have alike ones."""
    rows = [np.bincount([ord(c) % 384 for c in text], minlength=384) for text in texts]
    return np.asarray(rows, np.float32)


def test_pairs_are_found_by_what_they_mean(store: Store, tmp_path: Path) -> None:
    meanings = Meanings(store, News(), lambda: letters)
    assert meanings.ready()
    (at,) = add_micrographs(store, tmp_path, 1)
    pairs = [a_pair(1, [at]), a_pair(2, [at], question="Which pores?", answer="Pores of zeolite.")]
    store.pairs.add_pairs(pairs)
    assert not meanings.ready()
    until(meanings.ready)
    ((first, near), *_) = meanings.search("porous zeolite", PairFilter())
    assert first == pairs[1].id
    assert 0 < near <= 1
    assert meanings.search("porous zeolite", PairFilter(text="number"))[0][0] == pairs[0].id
