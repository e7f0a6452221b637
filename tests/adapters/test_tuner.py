"""The tuner on whole models: it begins as nothing, learns, is saved, loaded, switched, removed."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from slava.adapters import (
    AdapterSettings,
    balance_loss,
    count_trainable,
    expert_use,
    language_targets,
    load_adapter,
    make_adapter,
    mixture_parameters,
    rank_for_step,
    set_rank,
)
from tests.adapters.conftest import BITS, Base, batch, waken

torch = pytest.importorskip("torch")

from peft import PeftModel, get_peft_model  # noqa: E402, TID253

from slava.adapters import DyaMoqpeConfig, register  # noqa: E402
from slava.adapters.control import layers  # noqa: E402
from slava.adapters.factory import quiet_peft  # noqa: E402

MODELS = [(name, bits) for name in ("qwen2_5_vl", "llava") for bits in BITS]
KINDS = ("dya_moqpe", "lora", "lora_fa")


def logits(model: Any, **more: Any) -> Any:
    with torch.no_grad():
        return model(**(more or batch())).logits


@pytest.fixture(params=MODELS, ids="-".join)
def model(request: pytest.FixtureRequest, base: Base) -> Any:
    return base(*request.param)


def trained(model: Any, steps: int = 4, **settings: Any) -> Any:
    adapted = make_adapter(model, AdapterSettings(**settings))
    adapted.train()
    free = [p for p in adapted.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(free, 1e-2)
    words = batch()
    for step in range(steps):
        set_rank(adapted, rank_for_step(0, step))
        loss = adapted(**words, labels=words["input_ids"]).loss + balance_loss(adapted)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    set_rank(adapted, None)
    return adapted.eval()


def test_it_begins_as_the_base_and_leaves_it_as_it_was(model: Any, tmp_path: Path) -> None:
    """Bit for bit, answering and training; trained, saved and loaded; switched off and removed."""
    import copy

    again = copy.deepcopy(model)
    modes = {}
    for training in (False, True):
        modes[training] = logits(model.train(training))
    adapted = make_adapter(model, AdapterSettings(dropout=0.0))
    for training, before in modes.items():
        assert torch.equal(logits(adapted.train(training)), before)
    learnt = trained(adapted.unload())
    after = logits(learnt)
    assert not torch.equal(after, modes[False])
    learnt.save_pretrained(tmp_path)
    with learnt.disable_adapter():
        assert torch.equal(logits(learnt), modes[False])
    bare = learnt.unload()
    assert torch.equal(logits(bare), modes[False])
    assert not bare._forward_hooks
    assert not bare._forward_pre_hooks

    loaded = load_adapter(again, tmp_path).eval()
    assert torch.equal(logits(loaded), after)
    assert count_trainable(loaded) == 0


def test_only_experts_and_routers_learn_and_they_do(base: Base) -> None:
    adapted = make_adapter(base("qwen2_5_vl", "none"), AdapterSettings(dropout=0.0)).train()
    shapes = [layer.out_features for _, layer in layers(adapted)]
    assert count_trainable(adapted) == mixture_parameters(shapes, 4, 16, 4)
    words = batch()
    adapted(**words, labels=words["input_ids"]).loss.backward()
    grads = {n: p.grad for n, p in adapted.named_parameters() if p.grad is not None}
    assert {n.split(".")[-2] for n in grads} == {"dya_moqpe_B", "dya_moqpe_router"}
    assert all(g.any() for n, g in grads.items() if "_B" in n)
    assert not any(g.any() for n, g in grads.items() if "_router" in n), "B is zero at the start"
    waken(adapted)
    adapted.zero_grad()
    adapted(**words, labels=words["input_ids"]).loss.backward()
    assert all(p.grad.any() for n, p in adapted.named_parameters() if "_router" in n)


def test_peft_alone_makes_and_loads_one(base: Base, tmp_path: Path) -> None:
    register()
    register()
    made = get_peft_model(base("llava", "none"), DyaMoqpeConfig())
    waken(made)
    before = logits(made.eval())
    made.save_pretrained(tmp_path)
    loaded = PeftModel.from_pretrained(base("llava", "none"), tmp_path, is_trainable=True)
    assert torch.equal(logits(loaded.eval()), before)
    assert count_trainable(loaded) == count_trainable(made)


def test_the_tower_that_sees_is_left_alone(base: Base) -> None:
    import re

    for name in ("qwen2_5_vl", "llava", "idefics3", "llava_onevision"):
        model = base(name, "none")
        pattern = language_targets(model)
        hit = [n for n, _ in model.named_modules() if re.fullmatch(pattern, n)]
        assert len(hit) == 2 * 4, name
        assert all("language_model" in n or "text_model" in n for n in hit), name


def test_the_built_in_models_text_towers_are_adapted(built_in: Any) -> None:
    import re

    model = built_in()
    pattern = language_targets(model)
    hit = [n for n, _ in model.named_modules() if re.fullmatch(pattern, n)]
    config = model.config
    attentions = config.text_layers + 2 * config.encoder_layers + 2 * config.decoder_layers
    assert len(hit) == 4 * attentions
    assert {n.split(".")[0] for n in hit} == {"encoder", "decoder"}
    assert not any("vision" in n or n.startswith("router") for n in hit)


@pytest.mark.parametrize("bits", BITS)
def test_the_built_in_model_learns(built_in: Any, bits: str) -> None:
    draw = torch.Generator().manual_seed(0)
    model = built_in(bits)
    labels = torch.randint(5, 400, (2, 9), generator=draw)
    labels[1, 6:] = -100
    words = {
        "question_features": torch.randn(2, 7, 384, generator=draw),
        "question_mask": torch.tensor([[True] * 7, [True] * 4 + [False] * 3]),
        "auxiliary_ids": torch.randint(1, 400, (2, 5), generator=draw),
        "image_features": model.encoder.features(torch.randn(2, 1, 192, 192)).detach(),
        "labels": labels,
    }
    before = logits(model, **words)
    adapted = make_adapter(model, AdapterSettings(dropout=0.0))
    assert torch.equal(logits(adapted, **words), before)
    adapted.train()
    optimizer = torch.optim.AdamW([p for p in adapted.parameters() if p.requires_grad], 1e-2)
    losses = []
    for _ in range(8):
        answer = adapted(**words)
        optimizer.zero_grad()
        (answer.loss + balance_loss(adapted)).backward()
        optimizer.step()
        losses.append(answer.loss.item())
    assert losses[-1] < 0.95 * losses[0]
    counted = {use.layer: use.tokens for use in expert_use(adapted)}
    assert counted["encoder.text.blocks.0.attention.query"] == 8 * (2 * 15 - 3), "no padding"
    assert counted["decoder.blocks.0.attention.query"] == 8 * (2 * 9 - 3), "no padding"


@pytest.mark.parametrize("kind", KINDS)
def test_one_factory_makes_all_three(base: Base, kind: str, tmp_path: Path) -> None:
    model = base("llava", "none")
    before = logits(model)
    adapted = trained(model, kind=kind)
    after = logits(adapted)
    assert not torch.equal(after, before)
    adapted.save_pretrained(tmp_path)
    assert torch.equal(logits(load_adapter(base("llava", "none"), tmp_path).eval()), after)
    if kind == "lora_fa":
        free = {n.split(".")[-3] for n, p in adapted.named_parameters() if p.requires_grad}
        assert free == {"lora_B"}
        adapted.set_adapter("default")
        assert count_trainable(adapted) == sum(16 * w for w in (128, 64, 64, 128)) * 2


def held_bytes() -> int:
    """Bytes of all tensors that anything still refers to."""
    gc.collect()
    storages = {}
    for found in gc.get_objects():
        if issubclass(type(found), torch.Tensor):
            storage = found.untyped_storage()
            storages[storage.data_ptr()] = storage.nbytes()
    return sum(storages.values())


def test_adapters_switch_and_leave_no_memory_behind(base: Base, tmp_path: Path) -> None:
    model = base("qwen2_5_vl", "none")
    plain, words = logits(model), batch()
    for seed in (1, 2):
        saved = make_adapter(model, AdapterSettings(seed=seed))
        waken(saved, seed)
        saved.save_pretrained(tmp_path / str(seed))
        model = saved.unload()
    del saved
    model(**words)
    empty = held_bytes()

    adapted = load_adapter(model, tmp_path / "1", name="first").eval()
    first = logits(adapted)
    one = held_bytes()
    load_adapter(adapted, tmp_path / "2", name="second")
    assert torch.equal(logits(adapted), first), "loaded, not yet active"
    adapted.set_adapter("second")
    second = logits(adapted)
    assert not torch.equal(second, first)
    adapted.set_adapter("first")
    assert torch.equal(logits(adapted), first)
    adapted.train()
    (adapted(**words, labels=words["input_ids"]).loss + balance_loss(adapted)).backward()
    adapted.eval()
    adapted.zero_grad()
    adapted.set_adapter("second")
    with quiet_peft():
        adapted.delete_adapter("first")
    assert torch.equal(logits(adapted), second)
    assert held_bytes() - one <= second.nbytes
    bare = adapted.unload()
    del adapted, first, second
    assert torch.equal(logits(bare), plain)
    assert held_bytes() <= empty
