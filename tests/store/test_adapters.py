"""Adapters in the workspace: where they come from, bringing them in, taking them out."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.domain import Run, Snapshot
from slava.errors import BadInput, BadSetting, NotFound, WorkspaceError
from store import Store
from tests.store.test_runs import run, snapshot, trained

__all__ = ["run", "snapshot"]


def test_an_adapter_knows_its_run_its_snapshot_and_its_reviews(
    store: Store, run: Run, snapshot: Snapshot
) -> None:
    trained(store, run)
    store.runs.catch_up(run.id)
    adapter = store.adapters.get_adapter("fibres")
    line = store.adapters.lineage(adapter.id)
    assert line.run is not None
    assert (line.run.id, line.snapshot) == (run.id, snapshot)
    assert (line.pairs, line.reviews, line.reviewers) == (4, 4, ("ann",))
    store.snapshots.remove_snapshot(snapshot.id)
    line = store.adapters.lineage(adapter.id)
    assert (line.snapshot, line.snapshot_id, line.pairs) == (None, snapshot.id, 4)


def test_one_from_elsewhere_is_copied_and_found_again(store: Store, tmp_path: Path) -> None:
    source = tmp_path / "lora"
    source.mkdir()
    with pytest.raises(BadInput, match="holds no adapter"):
        store.adapters.add_adapter(source, "theirs")
    told = '{"peft_type": "LORA", "base_model_name_or_path": "owner/name"}'
    (source / "adapter_config.json").write_text(told)
    (source / "adapter_model.safetensors").write_bytes(b"weights")
    adapter = store.adapters.add_adapter(source, "  theirs ")
    assert (adapter.name, adapter.run_id, adapter.backbone) == ("theirs", None, "owner/name")
    assert store.adapters.lineage(adapter.id).run is None
    renamed = store.adapters.set_name(adapter.id, "ours")
    before = store.adapters.list_adapters()
    assert store.runs.rebuild_runs() == 0
    assert store.adapters.rebuild_adapters() == 1
    assert [a.name for a in before] == [a.name for a in store.adapters.list_adapters()] == ["ours"]
    assert store.adapters.remove_adapter(renamed.id) > 0
    with pytest.raises(NotFound):
        store.adapters.get_adapter("ours")


def test_an_exported_adapter_is_whole(store: Store, run: Run, tmp_path: Path) -> None:
    trained(store, run)
    store.runs.catch_up(run.id)
    adapter = store.adapters.get_adapter("last")
    store.adapters.export_adapter(adapter.id, tmp_path / "out")
    assert (tmp_path / "out" / "adapter_config.json").is_file()
    (store.adapters.folder(adapter) / "adapter_config.json").unlink()
    with pytest.raises(WorkspaceError, match="not whole"):
        store.adapters.export_adapter(adapter.id, tmp_path / "again")


def test_a_name_is_neither_empty_nor_endless(store: Store, run: Run) -> None:
    trained(store, run)
    store.runs.catch_up(run.id)
    for name in ("", "  ", "x" * 101):
        with pytest.raises(BadSetting):
            store.adapters.set_name(store.adapters.get_adapter("last").id, name)
