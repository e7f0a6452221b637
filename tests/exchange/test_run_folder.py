"""The folder of a run: what is in it is whole, or it is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from slava.errors import WorkspaceDamaged
from slava.handoff.run_folder import RunFolder, is_complete


@pytest.fixture
def run(tmp_path: Path) -> RunFolder:
    folder = RunFolder(tmp_path / "runs" / "r1")
    folder.create()
    return folder


def test_the_config_comes_back(run: RunFolder) -> None:
    with pytest.raises(WorkspaceDamaged, match=r"config\.json"):
        run.read_config()
    run.write_config({"backbone": "builtin", "steps": 10, "note": "µ"})
    assert run.read_config() == {"backbone": "builtin", "steps": 10, "note": "µ"}
    run.config.write_text("[]")
    with pytest.raises(WorkspaceDamaged):
        run.read_config()


def test_a_wish_is_heard_until_it_is_cleared(run: RunFolder) -> None:
    assert run.wish() is None
    run.request_stop()
    assert run.wish() == "stop"
    run.request_stop("cancel")
    assert run.wish() == "cancel"
    run.clear_wish()
    assert run.wish() is None


def test_only_whole_checkpoints_are_listed(run: RunFolder) -> None:
    for step in (10, 9, 100):
        with run.writing_checkpoint(step) as folder:
            (folder / "weights").write_bytes(b"w" * step)
            (folder / "more").mkdir()
            (folder / "more" / "state").write_bytes(b"s")
    assert [step for step, _ in run.list_checkpoints()] == [9, 10, 100]
    (run.checkpoints / "100" / "weights").write_bytes(b"short")
    (run.checkpoints / "10" / "COMPLETE").unlink()
    (run.checkpoints / "notes").mkdir()
    assert [step for step, _ in run.list_checkpoints()] == [9]


def test_a_checkpoint_that_was_cut_off_leaves_nothing(run: RunFolder) -> None:
    def cut_off() -> None:
        with run.writing_checkpoint(5) as folder:
            (folder / "weights").write_bytes(b"w")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cut_off()
    assert list(run.checkpoints.iterdir()) == []
    (run.checkpoints / ".writing-7-x").mkdir()
    run.tidy()
    assert list(run.checkpoints.iterdir()) == []


def test_an_adapter_replaces_the_one_before(run: RunFolder) -> None:
    for content in (b"old", b"new"):
        with run.writing_adapter() as folder:
            (folder / content.decode()).write_bytes(content)
    assert is_complete(run.adapter)
    assert sorted(path.name for path in run.adapter.iterdir()) == ["COMPLETE", "new"]
