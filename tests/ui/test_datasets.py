"""Data sets over the routes of their panel: counts, freezing, taking in, giving out."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.testclient import TestClient

from slava.domain import PairId
from slava.errors import BadInput
from store import Judgement, PairFilter, Store
from tests.store.drawn_pairs import add_pairs
from ui.services import Services
from ui.services.datasets import Datasets
from ui.services.giving_out import export_command
from ui.services.news import News
from ui.services.uploaded import place_of, table_among
from ui.tabs.curate import dataset_routes

Say = Callable[..., dict[str, Any]]
TOKEN = "abcdefgh-1"


@pytest.fixture
def pairs(store: Store, tmp_path: Path) -> list[PairId]:
    """Six about two micrographs: four accepted, one rejected, one not reviewed."""
    ids = add_pairs(store, tmp_path, 6)
    for at in ids[:4]:
        store.reviews.record_review(at, "ann", Judgement("accepted"))
    store.reviews.record_review(ids[4], "ann", Judgement("rejected", "other"))
    return ids


@pytest.fixture
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(Starlette(routes=dataset_routes.routes(services, "slava/token"))) as asking:
        yield asking
    services.close()


@pytest.fixture
def say(client: TestClient) -> Say:
    def said(name: str, status: int = 200, /, **body: Any) -> dict[str, Any]:
        answer = client.post(f"/{name}.json", json=body)
        assert answer.status_code == status, answer.text
        return dict(answer.json())

    return said


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """LLaVA JSON of somebody else, with one record whose image is missing."""
    folder = tmp_path / "foreign"
    (folder / "images").mkdir(parents=True)
    rng = np.random.default_rng(5)
    records: list[dict[str, Any]] = []
    for number in range(3):
        pixels = rng.integers(0, 255, (32, 40)).astype(np.uint8)
        if number < 2:
            Image.fromarray(pixels).save(folder / "images" / f"m{number}.png")
        asked = {"from": "human", "value": f"<image>\nWhat is it, {number}?"}
        told = {"from": "gpt", "value": f"Grains, seen {number}."}
        image = f"images/m{number}.png"
        records.append({"id": f"{number}", "image": image, "conversations": [asked, told]})
    (folder / "data.json").write_text(json.dumps(records), encoding="utf-8")
    return folder


def test_what_there_is_and_what_a_snapshot_would_leave_out(say: Say, pairs: list[PairId]) -> None:
    state = say("state")
    assert state["states"] == {"accepted": 4, "pending": 1, "disagreed": 0, "rejected": 1}
    assert state["would"]["accepted"] == {
        "pairs": 4,
        "left_out": [{"why": "not reviewed", "count": 1}, {"why": "rejected", "count": 1}],
    }
    assert state["would"]["all"]["pairs"] == 5
    rows = {row["name"]: row for row in say("counts", by="aspect")["rows"]}
    assert rows["Size and distribution"]["states"] == [2, 0, 0, 1]
    assert sum(row["all"] for row in rows.values()) == 6
    assert say("counts", 422, by="seq")["error"]


def test_a_snapshot_is_frozen_shown_and_removed(
    say: Say, services: Services, pairs: list[PairId]
) -> None:
    shares = {"train": "0.5", "validation": "0", "test": "0.5"}
    assert (
        "add up" in say("freeze", 422, name="x", train="0.9", validation="0.9", test="0")["error"]
    )
    assert say("freeze", 422, name=" ", **shares)["error"] == "a snapshot needs a name."
    say("freeze", name="first", states="accepted", seed="3", **shares)
    services.datasets.freezing.wait()
    state = say("state")
    assert state["freezing"]["error"] == ""
    told = state["freezing"]["lines"]
    assert told[0] == "Frozen as first: 2 train, 0 validation, 2 test."
    assert any("1 rejected, 1 not reviewed" in line for line in told)
    (row,) = state["snapshots"]
    assert (row["all"], row["micrographs"]) == (4, 2)
    sheet = say("sheet", id=row["id"])
    tables = {table["title"]: dict(table["rows"]) for table in sheet["tables"]}
    assert [row[0] for row in sheet["tables"][0]["rows"]] == ["train", "validation", "test"]
    assert tables["Left out"] == {"not reviewed": 1, "rejected": 1}
    assert tables["Reviewers"] == {"ann": 4}
    assert sheet["seed"] == 3
    assert sheet["acceptance"][0][2:] == [6, 4, 1, "80.0 %"]
    say("remove", id=row["id"])
    assert say("state")["snapshots"] == []
    assert say("sheet", 404, id=row["id"])["error"]


def test_an_upload_arrives_as_pending_with_its_problems_by_record(
    say: Say, client: TestClient, services: Services, store: Store, foreign: Path
) -> None:
    for file in (p for p in foreign.rglob("*") if p.is_file()):
        query = {"token": TOKEN, "path": file.relative_to(foreign).as_posix()}
        assert client.post("/upload", params=query, content=file.read_bytes()).status_code == 200
    say("take", upload=TOKEN)
    services.datasets.importing.wait()
    done = say("state")["importing"]
    assert (done["state"], done["format"], done["records"]) == ("done", "llava", 3)
    assert done["lines"][0].startswith("2 pairs are waiting for review, 0 were known")
    assert done["problems"] == [p for p in done["problems"] if p.startswith("record 3: the image")]
    assert store.pairs.count_by("state") == {"pending": 2}
    assert not list(services.uploads.iterdir()), "an upload is not kept"
    say("take", path=str(foreign / "data.json"))
    services.datasets.importing.wait()
    assert "2 were known" in say("state")["importing"]["lines"][0]


def test_a_page_writes_nowhere_else(client: TestClient, say: Say, tmp_path: Path) -> None:
    for path in ("../x.json", "a/../../x", "C:/x", "", "/"):
        answer = client.post("/upload", params={"token": TOKEN, "path": path}, content=b"x")
        assert answer.status_code == 422, path
    assert client.post("/upload", params={"token": "../..", "path": "x"}).status_code == 422
    assert say("take", 422, upload="nothing-here")["error"].startswith("nothing was uploaded")
    assert say("take", 422)["error"].startswith("no file is given")
    (place_of(tmp_path, TOKEN, "pictures/a.png")).write_bytes(b"x")
    with pytest.raises(BadInput, match="no table among"):
        table_among(tmp_path)


def test_an_export_lies_in_the_workspace_and_leaves_confidential_ones_out(
    say: Say, services: Services, store: Store, pairs: list[PairId]
) -> None:
    first = store.pairs.get_pair(pairs[0]).pair.micrograph_ids
    store.micrographs.set_confidential(first)
    assert say("export", 422, format="llava", name="../out")["error"].startswith("the folder")
    assert say("export", 422, format="csv")["error"]
    say("export", format="llava", states="accepted")
    services.datasets.giving_out.job.wait()
    done = say("state")["exporting"]
    assert done["error"] == ""
    out = Path(done["path"])
    assert out == store.workspace / "exports" / "accepted-llava"
    assert len(json.loads((out / "data.json").read_text())) == 2
    assert "Left out: 2 pairs about confidential micrographs." in done["lines"]
    assert done["command"].startswith("slava export --format llava --state accepted --out ")
    assert say("export", 422, format="parquet", name="accepted-llava")["error"]
    assert services.datasets.giving_out.default_name("llava", "accepted", "") == "accepted-llava-2"
    assert [p.name for p in out.parent.iterdir()] == ["accepted-llava"], "nothing unfinished"
    command = export_command("llava", "all", "0123", Path("/a b"), Path("/w"))
    assert command.count("--state") == 0


def test_pairs_taken_in_are_compared_by_meaning_and_held_to_the_rules_of_a_pack(
    store: Store, tmp_path: Path, foreign: Path
) -> None:
    records = json.loads((foreign / "data.json").read_text())[:1]
    again = json.loads(json.dumps(records[0]))
    again["conversations"][0]["value"] = "<image>\nTell me what this is, 0?"
    again["conversations"][1]["value"] = "Small grains of some sort, view 0, etc. by SEM."
    (foreign / "data.json").write_text(json.dumps([*records, again]), encoding="utf-8")
    packs = store.workspace / "packs"
    packs.mkdir()
    from slava.packs import copy_pack

    file = copy_pack("nanomaterials", packs)
    text = file.read_text().replace("concise_most_words = ", "concise_most_words = 5 #")
    file.write_text(text)

    def embed(texts: Any) -> Any:
        return np.ones((len(texts), 4), np.float32) / 2

    datasets = Datasets(store, News(), tmp_path / "uploads", embed)
    datasets.import_path(str(foreign), "", "nanomaterials")
    datasets.importing.wait()
    done = datasets.importing.now
    assert done is not None
    assert (done.error, done.added, done.by_meaning) == ("", 2, True)
    flags = {f.kind: f.detail for r in store.pairs.iterate(PairFilter()) for f in r.flags}
    assert "nearly the same" in flags["duplicate"]
    assert "length" in flags, "the pack's own length counts"
    datasets.close(5)
