"""Composition data said in the list of micrographs: kept, told to drafters, held against pairs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import Composition, Flag, MicrographId, PairId
from slava.packs import load_pack
from slava.teacher.prompts import ask_about
from store import Store
from tests.store.drawn_pairs import a_pair
from tests.store.plain_reader import write_micrograph
from ui.services import Services
from ui.services.teaching import Desk
from ui.tabs.curate import draft_routes

Say = Callable[..., dict[str, Any]]


@pytest.fixture
def ids(store: Store, tmp_path: Path) -> list[MicrographId]:
    paths = [write_micrograph(tmp_path / f"m{seed}.png", seed) for seed in range(2)]
    return [store.micrographs.add_micrograph(path).micrograph.id for path in paths]


@pytest.fixture
def say(services: Services) -> Iterator[Say]:
    app = Starlette(routes=draft_routes.routes(services, "slava/token"))
    with TestClient(app) as asking:

        def said(name: str, status: int = 200, **body: Any) -> dict[str, Any]:
            answer = asking.post(f"/{name}.json", json=body)
            assert answer.status_code == status, answer.text
            return dict(answer.json())

        yield said
    services.close()


def test_pairs_are_checked_again_when_composition_data_are_said(
    say: Say, store: Store, ids: list[MicrographId]
) -> None:
    length = Flag("length", "Too long.", 0.2)
    pairs = [a_pair(k, [at], answer="The grains are iron oxide.") for k, at in enumerate(ids)]
    desk = Desk(store)
    store.pairs.add_pairs(pairs, desk.flags(pairs, ids, load_pack()))
    for pair in pairs:
        store.pairs.set_flags(pair.id, [*store.pairs.get_pair(pair.id).flags, length])
    assert kinds(store, pairs[0].id) == {"invented_element", "length"}
    assert say("composition", ids=[ids[0]], composition="eds: Fe, O") == {"checked_again": 1}
    assert kinds(store, pairs[0].id) == {"length"}
    assert kinds(store, pairs[1].id) == {"invented_element", "length"}
    rows = {row["id"]: row["composition"] for row in say("micrographs")["items"]}
    assert rows == {ids[0]: "EDX: Fe, O", ids[1]: ""}
    say("composition", ids=ids, composition="XPS: Zn")
    assert "invented_element" in kinds(store, pairs[0].id)
    say("composition", ids=ids, composition="")
    said = [one.composition for one in store.evidence.list_compositions(ids[0])]
    assert said == [Composition("EDX", "Fe, O"), Composition("XPS", "Zn"), None]
    assert "technique" in say("composition", 422, ids=ids, composition="iron")["error"]


def test_drafters_are_told_what_composition_data_show(
    say: Say, store: Store, ids: list[MicrographId]
) -> None:
    say("composition", ids=ids[:1], composition="EDX: Fe, O")
    desk, told = Desk(store), "energy-dispersive X-ray data of it show: Fe, O."
    first, second = (ask_about(desk.subject(at), load_pack(), longest_px=512)[0] for at in ids)
    assert any(told in fact.replace("Energy", "energy") for fact in first.facts)
    assert not any("omposition data" in fact for fact in second.facts)
    assert all(fact in first.text for fact in first.facts)


def kinds(store: Store, pair_id: PairId) -> set[str]:
    return {flag.kind for flag in store.pairs.get_pair(pair_id).flags}
