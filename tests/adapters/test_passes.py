"""The tuner's layers within passes of whole models: batches, ranks, checkpointing, generation."""

from __future__ import annotations

import math
from typing import Any

import pytest

from slava.adapters import (
    AdapterSettings,
    at_rank,
    balance_loss,
    choose_rank,
    evaluate_ranks,
    expert_use,
    make_adapter,
    set_rank,
)
from tests.adapters.conftest import BITS, Base, batch, waken

torch = pytest.importorskip("torch")

from slava.adapters.control import layers  # noqa: E402
from slava.adapters.saved import saved_bytes  # noqa: E402


@pytest.fixture
def adapted(base: Base) -> Any:
    made = make_adapter(base("qwen2_5_vl", "none"), AdapterSettings(dropout=0.0))
    waken(made)
    return made.eval()


def logits(model: Any, words: dict[str, Any]) -> Any:
    with torch.no_grad():
        return model(**words).logits


def part(words: dict[str, Any], *where: Any) -> dict[str, Any]:
    return {name: value[where] for name, value in words.items()}


def test_a_row_alone_is_the_row_in_a_batch(adapted: Any) -> None:
    words = batch(rows=3)
    together = logits(adapted, words)
    for row in range(3):
        alone = logits(adapted, part(words, slice(row, row + 1)))
        with adapted.disable_adapter():
            own = logits(adapted, words)[row] - logits(adapted, part(words, slice(row, row + 1)))[0]
        gap = (alone[0] - together[row]).abs().max()
        assert float(gap) <= max(4 * float(own.abs().max()), 1e-5), "no more than the base's own"
    other = {**words, "input_ids": words["input_ids"].clone()}
    other["input_ids"][1:] = 33
    assert torch.equal(logits(adapted, other)[0], together[0])


def test_later_tokens_do_not_change_earlier_logits(adapted: Any) -> None:
    words = batch(rows=2)
    before = logits(adapted, words)
    words["input_ids"][:, 7:] = 44
    assert torch.equal(logits(adapted, words)[:, :7], before[:, :7])
    assert not torch.equal(logits(adapted, words)[:, 7:], before[:, 7:])


def test_rows_past_the_rank_change_nothing(adapted: Any) -> None:
    words = batch()
    with at_rank(adapted, 6):
        before = logits(adapted, words)
        for _, layer in layers(adapted):
            layer.dya_moqpe_A["default"][6:] = math.nan
            layer.dya_moqpe_B["default"].data[6:] = math.nan
        assert torch.equal(logits(adapted, words), before)
    assert logits(adapted, words).isnan().any(), "the whole rank is in use again"


def test_a_rank_that_is_not_there_is_refused(adapted: Any) -> None:
    for rank in (3, 17):
        with pytest.raises(ValueError, match="ranks 4 to 16"):
            set_rank(adapted, rank)


def gradients(model: Any, words: dict[str, Any]) -> dict[str, Any]:
    model.zero_grad()
    torch.manual_seed(3)
    (model(**words, labels=words["input_ids"]).loss + balance_loss(model)).backward()
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("bits", BITS)
def test_checkpointing_changes_no_gradient(base: Base, bits: str) -> None:
    """With dropout and the router's losses, each counted once."""
    settings = AdapterSettings(dropout=0.1, balance=0.5)
    model, words = make_adapter(base("llava", bits), settings), batch()
    waken(model)
    set_rank(model.train(), 7)
    plain = gradients(model, words)
    counted = expert_use(model)
    model.activation_checkpointing_enable({"use_reentrant": False})
    again = gradients(model, words)
    assert plain.keys() == again.keys()
    assert all(float((plain[n] - again[n]).abs().max()) <= 1e-6 for n in plain)
    assert [u.tokens for u in expert_use(model)] == [u.tokens for u in counted]


@pytest.mark.filterwarnings("ignore:.*use_reentrant")
def test_reentrant_checkpointing_is_refused_where_it_would_lose_the_balance(adapted: Any) -> None:
    adapted.train()
    adapted.activation_checkpointing_enable({"use_reentrant": True})
    adapted.enable_input_require_grads()
    words = batch()
    adapted(**words, labels=words["input_ids"])
    with pytest.raises(ValueError, match="use_reentrant"):
        balance_loss(adapted)


def test_the_routers_losses_are_of_the_last_pass_and_scaled(adapted: Any) -> None:
    words = batch()
    adapted.train()
    adapted(**words)
    once = balance_loss(adapted)
    assert once.requires_grad
    assert once.item() > 0.01 * len(layers(adapted))
    assert balance_loss(adapted, 4).item() == pytest.approx(once.item() / 4)
    logits(adapted, words)
    assert balance_loss(adapted).item() == 0
    uses = expert_use(adapted)
    assert [use.tokens for use in uses] == [2 * 12 - 3] * len(layers(adapted))
    assert all(sum(use.load) == pytest.approx(1) for use in uses)
    assert all(0 < use.entropy <= math.log(4) for use in uses)
    assert expert_use(adapted) == ()


def test_one_training_is_judged_at_every_rank(adapted: Any) -> None:
    words = batch()
    set_rank(adapted.train(), 9)

    def loss() -> float:
        assert not adapted.training
        return float(adapted(**words, labels=words["input_ids"]).loss)

    losses = evaluate_ranks(adapted, loss)
    assert sorted(losses) == [4, 6, 8, 12, 16]
    assert len(set(losses.values())) == 5
    assert adapted.training
    assert {layer.rank["default"] for _, layer in layers(adapted)} == {9}
    assert choose_rank(losses, 1e3) == 4


@pytest.mark.parametrize("bits", BITS)
def test_a_layer_keeps_a_fraction_of_what_lora_keeps(bits: str) -> None:
    """At d = 1024: 0.016 of LoRA's activations without dropout, 0.025 with it."""
    for dropout, allowed in ((0.0, 0.016), (0.05, 0.025)):
        kept = {}
        for kind in ("dya_moqpe", "lora"):
            layer = one_layer(bits, kind, dropout)
            x = torch.randn(2, 64, 1024).requires_grad_().clone()
            kept[kind] = saved_bytes([layer(x)], layer)
        assert kept["dya_moqpe"] / kept["lora"] <= allowed, (dropout, kept)


def one_layer(bits: str, kind: str, dropout: float) -> Any:
    net = torch.nn.Module()
    net.q_proj = linear(bits)
    net.forward = lambda x: net.q_proj(x)
    settings = AdapterSettings(kind=kind, dropout=dropout, targets="q_proj")  # type: ignore[arg-type]
    return make_adapter(net, settings).train()


def linear(bits: str, width: int = 1024) -> Any:
    plain = torch.nn.Linear(width, width, bias=False).requires_grad_(False)
    if bits == "none":
        return plain
    import bitsandbytes as bnb

    if bits == "int8":
        made = bnb.nn.Linear8bitLt(width, width, bias=False, has_fp16_weights=False)
        made.weight = bnb.nn.Int8Params(
            plain.weight.data, requires_grad=False, has_fp16_weights=False
        )
    else:
        made = bnb.nn.Linear4bit(width, width, bias=False, compute_dtype=torch.float32)
        made.weight = bnb.nn.Params4bit(plain.weight.data, requires_grad=False, quant_type="nf4")
    return made.to("cpu")


@pytest.mark.parametrize("bits", BITS)
def test_generating_with_a_cache_and_a_streamer_is_generating_without(
    base: Base, bits: str
) -> None:
    from transformers.generation.streamers import BaseStreamer

    class Heard(BaseStreamer):
        def __init__(self) -> None:
            self.ids: list[int] = []

        def put(self, value: Any) -> None:
            self.ids += value.flatten().tolist()

        def end(self) -> None:
            self.ids.append(-1)

    model = make_adapter(base("qwen2_5_vl", bits), AdapterSettings())
    waken(model)
    words, heard = batch(rows=1), Heard()
    words["attention_mask"][:] = 1
    how: dict[str, Any] = {"max_new_tokens": 8, "do_sample": False}
    model.eval()
    cached = model.generate(**words, **how, streamer=heard)
    bare = model.generate(**words, **how, use_cache=False)
    assert torch.equal(cached, bare)
    assert heard.ids == [*cached[0].tolist(), -1]
    with model.disable_adapter():
        assert not torch.equal(model.generate(**words, **how), cached)
