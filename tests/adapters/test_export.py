"""Plain LoRA out of a mixture: by class exactly, by distilling well enough or not at all."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from slava.adapters import AdapterSettings, at_rank, load_adapter, make_adapter, set_classes
from slava.errors import ModelError, ModelUnusable
from tests.adapters.conftest import Base, batch, waken

torch = pytest.importorskip("torch")

from slava.adapters import identity  # noqa: E402
from slava.adapters.control import layers  # noqa: E402
from slava.adapters.distil import Distilled, distil  # noqa: E402
from slava.adapters.export import (  # noqa: E402
    export_classes,
    export_distilled,
    export_saved_classes,
    rounded_rank,
)

distilling = sys.modules["slava.adapters.distil"]
CLASSES = ("sem", "tem", "afm")


def logits(model: Any, words: dict[str, Any]) -> Any:
    with torch.no_grad():
        return model(**words).logits


@pytest.fixture
def by_request(base: Base) -> Any:
    model = make_adapter(base("qwen2_5_vl", "none"), AdapterSettings(classes=CLASSES))
    waken(model)
    return model.eval()


def test_a_class_is_exactly_one_plain_lora(by_request: Any, base: Base, tmp_path: Path) -> None:
    for rank in (6, 16):
        folders = export_classes(by_request, tmp_path / str(rank), rank=rank)
        assert list(folders) == list(CLASSES)
        for name, folder in folders.items():
            told = json.loads((folder / "adapter_config.json").read_text("utf-8"))
            assert (told["peft_type"], told["r"]) == ("LORA", 8 if rank == 6 else 16)
            plain = load_adapter(base("qwen2_5_vl", "none"), folder).eval()
            set_classes(by_request, [name])
            with at_rank(by_request, rank):
                gap = (logits(by_request, batch()) - logits(plain, batch())).abs().max()
            assert float(gap) <= 4e-6 * float(logits(plain, batch()).abs().max().clamp(min=1))


def test_classes_are_exported_from_the_files_alone(by_request: Any, tmp_path: Path) -> None:
    by_request.save_pretrained(str(tmp_path / "saved"))
    loaded = export_classes(by_request, tmp_path / "loaded")
    alone = export_saved_classes(tmp_path / "saved", tmp_path / "alone")
    assert list(alone) == list(CLASSES)
    for name, folder in alone.items():
        for file in ("adapter_model.safetensors", "adapter_config.json"):
            assert (folder / file).read_bytes() == (loaded[name] / file).read_bytes()


def test_each_request_of_a_batch_has_its_own_class(by_request: Any) -> None:
    words = batch(rows=2)
    words["attention_mask"][:] = 1
    set_classes(by_request, ["sem", "tem"])
    mixed = logits(by_request, words)
    for row, name in enumerate(("sem", "tem")):
        set_classes(by_request, [name])
        assert torch.allclose(logits(by_request, words)[row], mixed[row], atol=1e-5)
        assert not torch.allclose(logits(by_request, words)[1 - row], mixed[1 - row], atol=1e-3)


def test_a_class_that_is_not_said_or_not_known_is_refused(by_request: Any) -> None:
    with pytest.raises(ValueError, match="of which class"):
        logits(by_request, batch())
    with pytest.raises(ValueError, match="no class 'stm'"):
        set_classes(by_request, ["stm"])
    set_classes(by_request, CLASSES)
    with pytest.raises(ValueError, match="3 classes for a batch of 2"):
        logits(by_request, batch())


def test_gates_by_token_have_no_exact_lora(base: Base, tmp_path: Path) -> None:
    model = make_adapter(base("llava", "none"), AdapterSettings())
    with pytest.raises(ModelError, match="Distil"):
        export_classes(model, tmp_path)
    model.save_pretrained(str(tmp_path / "saved"))
    with pytest.raises(ModelError, match="Distil"):
        export_saved_classes(tmp_path / "saved", tmp_path)


def test_distilling_stands_in_for_the_mixture(base: Base, tmp_path: Path) -> None:
    """And the adapter itself is what it was."""
    model = make_adapter(base("llava", "none"), AdapterSettings())
    waken(model)
    before = logits(model.eval(), batch())
    some = [batch(rows=4, seed=seed) for seed in range(5)]
    made = distil(model, some[:3], some[3:], steps=5, rank=8)
    assert torch.equal(logits(model, batch()), before)
    assert not any(layer.plain for _, layer in layers(model))
    folder = export_distilled(model, made, tmp_path / "lora", anyway=True)
    plain = load_adapter(base("llava", "none"), folder).eval()
    with at_rank(model, 8):
        wanted = torch.cat([logits(model, words).argmax(-1) for words in some[3:]])
    said = torch.cat([logits(plain, words).argmax(-1) for words in some[3:]])
    with model.disable_adapter():
        bare = torch.cat([logits(model, words).argmax(-1) for words in some[3:]])
    real = torch.cat([words["attention_mask"] for words in some[3:]]).bool()
    assert made.tokens == 4 * 12 * 2 - 3 * 2
    same = float((said == wanted)[real].float().mean())
    assert same == pytest.approx(made.agreement, abs=0.02)
    assert same > float((bare == wanted)[real].float().mean())


def test_a_is_fitted_with_b_where_that_comes_nearer(
    base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model too large for that, or with few answers to learn from, keeps the mixture's A."""
    model = make_adapter(base("llava", "none"), AdapterSettings())
    waken(model)
    some = [batch(rows=4, seed=seed) for seed in range(60)]

    def own(count: int, most: int = 2**31) -> tuple[bool, float]:
        monkeypatch.setattr(distilling, "_MOST_BYTES", most)
        made = distil(model, some[:count], some[50:], steps=0)
        (name, layer), *_ = layers(model)
        return torch.equal(made.single[name][0], layer.dya_moqpe_A["default"]), made.agreement

    assert own(5)[0]
    kept, agreement = own(50, 0)
    assert kept
    fitted, better = own(50)
    assert not fitted
    assert better > agreement


def test_training_that_leads_away_is_not_taken(base: Base) -> None:
    model = make_adapter(base("llava", "none"), AdapterSettings())
    waken(model)
    some = [batch(rows=4, seed=seed) for seed in range(12)]
    fitted = distil(model, some[:8], some[8:], steps=0)
    spoilt = distil(model, some[:8], some[8:], steps=3, rate=30.0)
    for name, (a, b) in fitted.single.items():
        assert torch.equal(a, spoilt.single[name][0])
        assert torch.equal(b, spoilt.single[name][1])


def test_one_that_says_something_else_is_not_written(base: Base, tmp_path: Path) -> None:
    model = make_adapter(base("llava", "none"), AdapterSettings())
    single = {
        name: (torch.zeros(16, layer.in_features), torch.zeros(16, layer.out_features))
        for name, layer in layers(model)
    }
    poor = Distilled("default", 16, 0.979, single)
    with pytest.raises(ModelError, match=r"97.9% .* 98%"):
        export_distilled(model, poor, tmp_path / "lora")
    assert not (tmp_path / "lora").exists()
    good = Distilled("default", 16, 0.98, single)
    assert export_distilled(model, good, tmp_path / "lora").is_dir()


def test_ranks_are_rounded_up_to_what_servers_know() -> None:
    assert [rounded_rank(r) for r in (4, 8, 9, 12, 16, 17)] == [8, 8, 16, 16, 16, 32]


@pytest.mark.parametrize(
    ("folder", "base", "said"),
    [
        ("steel", "org/llava-7b", "the adapter steel was made on llava-7b"),
        ("adapter", "builtin", "this adapter was made on another version of the built-in model"),
    ],
)
def test_another_base_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, folder: str, base: str, said: str
) -> None:
    monkeypatch.setattr(identity, "base_identity", lambda _: "b" * 64)
    (tmp_path / folder).mkdir()
    told = {"base_model_name_or_path": base, "base_sha256": "a" * 64}
    (tmp_path / folder / "adapter_config.json").write_text(json.dumps(told))
    with pytest.raises(ModelUnusable, match=said):
        identity.require_same_base(object(), tmp_path / folder)
