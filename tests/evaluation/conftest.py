"""A judge with faults, connections to it, and a book in memory."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from slava.teacher.client import OpenAITeacher
from tests.evaluation.fake_judge import Connect, FakeJudge
from tests.teacher.book import MemoryLedger


@pytest.fixture
def judge() -> Iterator[FakeJudge]:
    with FakeJudge() as server:
        yield server


@pytest.fixture
def connect(judge: FakeJudge) -> Iterator[Connect]:
    opened: list[OpenAITeacher] = []

    def connected(**more: Any) -> OpenAITeacher:
        options = {"timeout_s": 5.0, "honours_keys": True, **more}
        opened.append(OpenAITeacher(judge.url, "sk-valid", **options))
        return opened[-1]

    yield connected
    for one in opened:
        one.close()


@pytest.fixture
def ledger() -> MemoryLedger:
    return MemoryLedger()
