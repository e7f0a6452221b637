from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from slava.teacher.client import OpenAITeacher
from tests.teacher.book import MemoryLedger
from tests.teacher.fake_server import FakeTeacher

Connect = Callable[..., OpenAITeacher]


@pytest.fixture
def fake() -> Iterator[FakeTeacher]:
    with FakeTeacher() as server:
        yield server


@pytest.fixture
def connect(fake: FakeTeacher) -> Iterator[Connect]:
    """Connections to the fake teacher, closed at the end."""
    opened: list[OpenAITeacher] = []

    def connected(key: str = "sk-valid", **more: Any) -> OpenAITeacher:
        options = {"timeout_s": 5.0, "honours_keys": True, **more}
        opened.append(OpenAITeacher(fake.url, key, **options))
        return opened[-1]

    yield connected
    for one in opened:
        one.close()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()
