"""Taking an adapter elsewhere: from the tab's routes and by command, with a stand-in process."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app import build_cli
from slava.domain import Run
from slava.errors import BadInput, ModelError
from store import Store
from tests.ui.conftest import until
from tests.ui.finetune_runs import add_run, add_steel, finish, freeze, train
from training import to_lora
from training.to_lora import PlainLora
from ui.services import Services
from ui.services.adapter_exports import Given, free_folder, refusal
from ui.tabs import finetune
from ui.tabs.finetune import giving

BASE = "slava/token"


@pytest.fixture
def run(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A run that has ended, with an adapter."""
    monkeypatch.setattr(to_lora, "MODULE", "tests.training.lora_standin")
    ids = add_steel(store, tmp_path / "steel", kinds=2, each=5)
    begun = add_run(store, freeze(store), "steel one")
    return finish(store, train(store, begun, ids, until=2), ids)


@pytest.fixture
def window(services: Services, run: Run) -> Iterator[TestClient]:
    assert run.ended_at
    with TestClient(Starlette(routes=[finetune.routes(services, BASE)])) as client:
        yield client
    services.training.close()


def how(monkeypatch: pytest.MonkeyPatch, **said: Any) -> None:
    monkeypatch.setenv("SLAVA_STANDIN", json.dumps(said))


def give(window: TestClient, run: Run, form: str, **more: Any) -> Any:
    return window.post(f"/{BASE}/finetune/do/give", json={"id": run.id, "form": form, **more})


def shown(window: TestClient, run: Run) -> Any:
    return window.get(f"/{BASE}/finetune/run.json?id={run.id}").json()


def settled(window: TestClient, run: Run) -> Any:
    until(lambda: shown(window, run)["given"]["state"] not in ("", "running"))
    return shown(window, run)["given"]


def test_it_is_copied_as_it_is(window: TestClient, run: Run, store: Store) -> None:
    assert [form["name"] for form in shown(window, run)["forms"]] == ["peft", "lora"]
    assert give(window, run, "peft").status_code == 200
    given = settled(window, run)
    assert Path(given["folder"]) == store.workspace / "exports" / "steel-one-peft"
    assert (Path(given["folder"]) / "adapter_config.json").is_file()
    give(window, run, "peft")
    until(lambda: settled(window, run)["folder"].endswith("steel-one-peft-2"))
    assert give(window, run, "onnx").status_code == 422


def test_how_near_a_plain_one_is_stands_beside_it(
    window: TestClient, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch, agreement=0.98765)
    give(window, run, "lora")
    given = settled(window, run)
    assert "98.7 % of 1,200 tokens" in given["text"]
    assert (Path(given["folder"]) / "adapter_config.json").is_file()


def test_one_that_says_something_else_is_refused_until_it_is_wanted_anyway(
    window: TestClient, run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch, agreement=0.9799)
    give(window, run, "lora")
    given = settled(window, run)
    assert (given["refused"], given["folder"]) == (True, "")
    assert given["text"].startswith(
        "A plain LoRA finds the adapter's next token likeliest for 97.9"
    )
    assert not list((store.workspace / "exports").iterdir())
    give(window, run, "lora", anyway=True)
    until(lambda: settled(window, run)["folder"])


def test_one_that_is_cancelled_leaves_nothing(
    window: TestClient, run: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    how(monkeypatch, wait=True)
    give(window, run, "lora")
    until(lambda: shown(window, run)["given"]["text"] == "distilling, step 2 of 200")
    assert give(window, run, "peft").status_code == 422
    window.post(f"/{BASE}/finetune/do/end_give", json={})
    assert settled(window, run)["state"] == "cancelled"
    assert not list((store.workspace / "exports").iterdir())


def test_a_plain_one_is_only_copied(store: Store, run: Run) -> None:
    adapter = store.adapters.get_adapter(run.id)
    plain = replace(adapter, method="lora_fa")
    assert [form["name"] for form in giving.forms(plain)] == ["lora"]
    assert "as it is" in giving.hint(plain)
    assert giving.forms(None) == []


def test_what_is_at_hand_and_why_it_failed_are_said(store: Store, run: Run) -> None:
    adapter = store.adapters.get_adapter(run.id)
    begun = Given(adapter_id=adapter.id, form="lora")
    assert giving.given(begun, adapter)["text"] == "starting"
    assert giving.given(replace(begun, form="peft"), adapter)["text"] == "copying"
    failed = replace(begun, state="failed", error="this adapter was made elsewhere.")
    assert giving.given(failed, adapter)["text"] == "This adapter was made elsewhere."


def test_why_it_could_not_be_made_is_said(
    store: Store, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store.adapters.folder(store.adapters.get_adapter(run.id))
    with pytest.raises(ModelError, match="no pairs here"):
        to_lora.make_plain_lora(folder, tmp_path / "out")
    monkeypatch.setattr(to_lora, "MODULE", "tests.training.no_such_module")
    with pytest.raises(ModelError, match=r"without a word.*no_such_module"):
        to_lora.make_plain_lora(folder, tmp_path / "out")


def test_by_command(
    workspace: Path, store: Store, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.close()

    def export(folder: Path, *more: str) -> Any:
        words = ["adapters", "export", run.id, str(folder), "--workspace", str(workspace), *more]
        return CliRunner().invoke(build_cli(), [*words, "--json"])

    how(monkeypatch, agreement=0.5)
    refused = export(tmp_path / "plain", "--as", "lora").exception
    assert isinstance(refused, ModelError)
    assert "50 % of 1,200 tokens" in str(refused)
    made = json.loads(export(tmp_path / "plain", "--as", "lora", "--anyway").stdout)
    assert (made["how"], made["agreement"], made["rank"]) == ("distilled", 0.5, 8)
    assert (tmp_path / "plain" / "adapter_config.json").is_file()
    copied = json.loads(export(tmp_path / "copy").stdout)
    assert (copied["form"], copied["how"]) == ("peft", "copied")
    assert isinstance(export(tmp_path / "x", "--as", "gguf").exception, BadInput)


def test_names_of_folders_and_shares_that_do_not_flatter(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "../a b: c").name == "a-b-c"
    assert free_folder(tmp_path, "///").name == "adapter"
    assert "97.9 %" in refusal(PlainLora("distilled", False, 0.97999, 10, 8))
