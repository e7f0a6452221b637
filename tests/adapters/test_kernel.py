"""The fused update against ordinary autograd, and what it must not depend on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from slava.adapters.gates import gates  # noqa: E402
from slava.adapters.kernel import Mixture, plain_update, update  # noqa: E402
from slava.adapters.saved import saved_bytes  # noqa: E402

T, D_IN, D_OUT, R, K, READS = 37, 24, 20, 16, 4, 4


def weights(dtype: Any = None, tokens: int = T, classes: int = 0) -> dict[str, Any]:
    dtype = dtype or torch.float32
    draw = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> Any:
        return torch.randn(*shape, generator=draw, dtype=torch.float64).to(dtype)

    return {
        "x": normal(tokens, D_IN).requires_grad_(),
        "A": normal(R, D_IN) / math.sqrt(D_IN),
        "router": (normal(classes, K) if classes else normal(K, READS)).requires_grad_(),
        "B": normal(R, K, D_OUT).requires_grad_(),
    }


def keep(rank: int, share: float) -> Any:
    draw = torch.Generator().manual_seed(1)
    return torch.rand(T, rank, generator=draw) >= share


HOWS: dict[str, tuple[Mixture, float]] = {
    "largest": (Mixture(16, 1.0), 0.0),
    "smallest": (Mixture(4, 2.0), 0.0),
    "dropout": (Mixture(9, 1.3, dropout=0.2), 0.2),
    "losses": (Mixture(9, 1.3, balance=0.5, z_loss=0.1, watched=True), 0.0),
    "not renormalised": (Mixture(7, 1.0, top_k=1, renormalize=False), 0.0),
    "all experts": (Mixture(16, 1.0, top_k=4), 0.0),
}


def gradients(function: Any, how: Mixture, dropout: float, given: dict[str, Any]) -> list[Any]:
    mask = keep(how.rank, dropout) if dropout else None
    y, loss, _ = function(given["x"], given["A"], given["router"], given["B"], mask, how)
    direction = torch.arange(y.numel(), dtype=y.dtype).view_as(y).sin()
    total = (y * direction).sum() + loss
    free = [given["x"], given["router"], given["B"]]
    return [y, loss, *torch.autograd.grad(total, free)]


@pytest.mark.parametrize("name", HOWS)
def test_fused_is_plain_within_1e_5(name: str) -> None:
    how, dropout = HOWS[name]
    padded = torch.ones(T)
    padded[-9:] = 0
    how = replace(how, weights=padded)
    given = weights()
    for ours, theirs in zip(
        gradients(update, how, dropout, given),
        gradients(plain_update, how, dropout, given),
        strict=True,
    ):
        gap = (ours - theirs).norm() / theirs.norm().clamp(min=1e-6)
        assert float(gap.detach()) <= 1e-5


@pytest.mark.parametrize("name", HOWS)
def test_gradients_are_right_in_64_bits(name: str) -> None:
    """Against finite differences, which know neither version. The load of the balance loss counts
    as a constant by definition, so its gradient is checked against ordinary autograd only."""
    how, dropout = HOWS[name]
    if how.watched:
        how = replace(how, balance=0.0)
    given = weights(torch.float64, tokens=3)
    mask = keep(how.rank, dropout)[:3] if dropout else None

    def function(x: Any, router: Any, B: Any) -> Any:
        return update(x, given["A"], router, B, mask, how)[:2]

    free = (given["x"], given["router"], given["B"])
    assert torch.autograd.gradcheck(function, free, fast_mode=True)


def test_gates_by_request_are_right_in_64_bits_too() -> None:
    given = weights(torch.float64, tokens=5, classes=3)
    how = Mixture(6, 1.0, classes=torch.tensor([0, 0, 2, 2, 1]), z_loss=0.1, watched=True)

    def function(x: Any, router: Any, B: Any) -> Any:
        return update(x, given["A"], router, B, None, how)[:2]

    free = (given["x"], given["router"], given["B"])
    assert torch.autograd.gradcheck(function, free, fast_mode=True)


def test_it_is_the_sum_over_experts() -> None:
    given, how = weights(), Mixture(9, 1.7)
    y = update(given["x"], given["A"], given["router"], given["B"], None, how)[0]
    z = given["x"] @ given["A"][:9].T
    n = z[:, :READS] / (z[:, :READS].pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()
    g = gates(n @ given["router"].T, 2, True).g
    assert ((g > 0).sum(-1) == 2).all()
    assert torch.allclose(g.sum(-1), torch.ones(T))
    one_by_one = sum(g[:, k : k + 1] * (z @ given["B"][:9, k]) for k in range(K))
    assert torch.allclose(y, 1.7 * one_by_one, atol=1e-5)


def test_what_lies_past_the_rank_is_never_read() -> None:
    given, how = weights(), Mixture(6, 1.0, balance=0.1, watched=True)
    before = gradients(update, how, 0.0, given)
    with torch.no_grad():
        given["A"][6:] = math.nan
        given["B"][6:] = math.nan
    after = gradients(update, how, 0.0, given)
    assert all(torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert not after[-1][6:].any()
    assert after[-1][:6].any()


def test_a_row_knows_nothing_of_its_neighbours() -> None:
    """The same among other rows, and the same alone; its gates are the same at every rank."""
    given, how = weights(), Mixture(16, 1.0)
    rest = (given["A"], given["router"], given["B"], None, how)
    x = given["x"].detach()
    y = update(x, *rest)[0]
    others = torch.cat([x[:5], -3 * x[5:]])
    assert torch.equal(update(others, *rest)[0][:5], y[:5])
    alone = torch.cat([update(row[None], *rest)[0] for row in x])
    assert torch.allclose(alone, y, rtol=0, atol=1e-5)


def test_only_z_is_kept() -> None:
    """Per token r numbers, and under dropout a byte more for each; x is let go."""
    given = weights(tokens=512)
    model = torch.nn.Module()
    for name in ("router", "B"):
        setattr(model, name, torch.nn.Parameter(given[name].detach()))
    model.register_buffer("A", given["A"])
    x = given["x"].clone()
    for dropout in (0.0, 0.05):
        mask = torch.rand(512, R) >= dropout if dropout else None
        y, *_ = update(x, model.A, model.router, model.B, mask, Mixture(R, 1.0, dropout=dropout))
        assert saved_bytes([y], model) == 512 * R * (5 if dropout else 4)
    y, *_ = plain_update(x, model.A, model.router, model.B, None, Mixture(R, 1.0))
    assert saved_bytes([y], model) > 4 * 512 * R * 4


def test_balance_is_1_when_even_and_padding_counts_nothing() -> None:
    given = weights()
    how = Mixture(16, 1.0, balance=1.0, watched=True)
    even = torch.zeros_like(given["router"])
    _, loss, told = update(given["x"], given["A"], even, given["B"], None, how)
    assert loss.item() == pytest.approx(1.0, abs=1e-6)
    assert told[K].item() / T == pytest.approx(math.log(K), rel=1e-5)

    real = torch.ones(T)
    real[20:] = 0
    rest = (given["A"], given["router"], given["B"], None)
    short = update(given["x"][:20], *rest, how)
    padded = update(given["x"], *rest, replace(how, weights=real))
    assert torch.allclose(padded[1], short[1])
    assert torch.allclose(padded[2], short[2])
    assert padded[2][:K].sum() == 2 * 20
