"""On a CUDA device: the adapter adds nothing at first, learns, and keeps less than QLoRA does."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from benchmarks import gpu  # noqa: E402
from slava.adapters import AdapterSettings, balance_loss, make_adapter  # noqa: E402

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA device"),
]
TOKENS = 512


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small checkpoint of random weights."""
    folder = tmp_path_factory.mktemp("base")
    gpu.write_base(folder, width=512, layers=4)
    return folder


def test_at_first_it_adds_exactly_nothing(base):
    model = gpu.open_base(base, "cuda").eval()
    ids = torch.randint(0, gpu.VOCABULARY, (2, 64), device="cuda")
    with torch.no_grad():
        before = model(input_ids=ids).logits
        after = make_adapter(model, AdapterSettings()).eval()(input_ids=ids).logits
    assert torch.equal(before, after)


def test_it_learns_in_nf4(base):
    torch.manual_seed(0)
    net = make_adapter(gpu.open_base(base, "cuda"), AdapterSettings(dropout=0.0)).train()
    optimizer = torch.optim.Adam([p for p in net.parameters() if p.requires_grad], 3e-3)
    ids = torch.randint(0, gpu.VOCABULARY, (2, 64), device="cuda")
    losses = []
    for _ in range(30):
        loss = net(input_ids=ids, labels=ids).loss
        (loss + balance_loss(net)).backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]


def test_a_step_keeps_less_than_one_of_qlora(base):
    ours = gpu.cost_of("dya_moqpe", base, "cuda", TOKENS)
    theirs = gpu.cost_of("lora", base, "cuda", TOKENS)
    assert ours["peak_bytes_beyond_base"] < theirs["peak_bytes_beyond_base"]
