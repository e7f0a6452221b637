"""A published adapter as plain LoRA: distilled on its run's pairs, judged on others, or refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from slava.handoff.run_folder import RunFolder, is_complete
from tests.training.conftest import TINY
from tests.training.steel import Workspace
from training.finetune import to_lora
from training.finetune.config import make_config
from training.finetune.run import DONE, run_folder

torch = pytest.importorskip("torch")


@pytest.fixture(scope="module")
def run(workspace: Workspace) -> RunFolder:
    config = make_config(**{**TINY, "epochs": 4})  # type: ignore[arg-type]
    folder = workspace.run("distilled", config.to_json())
    assert run_folder(folder.root) == DONE
    return folder


def told(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def convert(run: RunFolder, target: Path, *more: str) -> int:
    return to_lora.main([str(run.adapter), str(target), "--run", str(run.root), *more])


def test_it_stands_in_for_the_adapter_as_often_as_it_says(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The share is counted once more, with the files that were written."""
    target = tmp_path / "lora"
    assert convert(run, target, "--steps", "20", "--anyway") == to_lora.WRITTEN
    said = told(capsys)
    assert [line["done"] for line in said if line.get("note") == "distilling"] == [*range(1, 21)]
    found = said[-1]
    assert found["tokens"] > 50
    assert is_complete(target)
    config = json.loads((target / "adapter_config.json").read_text())
    assert (config["peft_type"], config["r"]) == ("LORA", 8)
    assert f"{found['agreement']:.2%}" in (target / "README.md").read_text()
    likeliest = []
    for folder in (run.adapter, target):
        learner, judged = _taken_up(run, folder)
        with torch.no_grad():
            likeliest.append(torch.cat([learner.said(one).argmax(-1) for one in judged]))
    same = float((likeliest[0] == likeliest[1]).float().mean())
    assert same == pytest.approx(found["agreement"], abs=0.01)
    assert len(likeliest[0]) == found["tokens"]


def test_one_that_says_something_else_is_not_written(
    run: RunFolder,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(to_lora, "LEAST_AGREEMENT", 1.01)
    assert convert(run, tmp_path / "lora", "--steps", "1") == to_lora.REFUSED
    assert 0 < told(capsys)[-1]["agreement"] <= 1
    assert list(tmp_path.iterdir()) == []


def test_without_pairs_nobody_could_say_how_good_it_is(
    run: RunFolder, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert to_lora.main([str(run.adapter), str(tmp_path / "lora")]) == to_lora.FAILED
    assert "brought from elsewhere" in told(capsys)[-1]["failed"]
    assert list(tmp_path.iterdir()) == []


def _taken_up(run: RunFolder, folder: Path) -> tuple[Any, Any]:
    """A learner that answers with ``folder``, and what both are judged on."""
    from training.finetune.device import Device
    from training.finetune.examples import make_examples
    from training.finetune.learner import learn
    from training.finetune.pictures import Pictures
    from training.finetune.run import snapshot_of, workspace_of
    from training.finetune.session import make_learner

    config = make_config(**run.read_config())
    content = snapshot_of(run, config)
    examples = make_examples(content)
    pictures = Pictures(content.micrographs, workspace_of(run, config), config.context)
    method = json.loads((folder / "adapter_config.json").read_text())["peft_type"].lower()
    told_again = make_config(**{**run.read_config(), "method": method})
    learner = make_learner(told_again, examples, pictures, Device(config))
    learner.take_up(folder)
    learn(learner.model, False)
    drawn = to_lora._drawn(examples, ("test", "validation"), config)
    return learner, to_lora.Passes(learner, drawn, config)
