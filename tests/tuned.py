"""What every folder of tests that train or adapt small models takes into its ``conftest``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")


@pytest.fixture(scope="session", autouse=True)
def one_thread() -> Iterator[None]:
    """Models this small run faster on one core than on several that wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pass_over(items: list[pytest.Item], folder: Path) -> None:
    """For the tests of a folder: PEFT 0.21 asks transformers 5 by a name that it is to drop."""
    mark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing:FutureWarning")
    for item in items:
        if item.path.is_relative_to(folder):
            item.add_marker(mark)
