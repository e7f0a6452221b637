"""``slava ask`` with a model that is served: the key reaches the server and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import rows, slava
from tests.store.plain_reader import write_micrograph
from tests.vlm.fake_endpoint import FakeEndpoint

KEY = "sk-4f1c-between-us"


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    with FakeEndpoint(api_key=KEY).serving() as served:
        yield served


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_micrograph(tmp_path / "grains.png", seed=1)


def test_the_key_of_the_environment_is_sent_and_not_shown(
    endpoint: FakeEndpoint, file: Path
) -> None:
    command = ("ask", file, "What is this?", "--model", endpoint.url, "--json")
    done = slava(*command, SLAVA_API_KEY=KEY)
    assert done.returncode == 0, done.stderr
    (row,) = rows(done)
    assert row["answer"] == "Round particles of 40 nm."
    assert row["model"] == f"{endpoint.url}#tiny-vlm"
    assert endpoint.authorizations == [f"Bearer {KEY}"] * 2, "the list of models, then the chat"
    assert KEY not in done.stdout + done.stderr
    assert KEY not in json.dumps(endpoint.requests)


def test_a_key_that_the_server_refuses_is_not_shown(endpoint: FakeEndpoint, file: Path) -> None:
    command = ("ask", file, "What is this?", "--model", endpoint.url)
    done = slava(*command, SLAVA_API_KEY="sk-77-of-another-server")
    assert done.returncode == 1
    assert done.stderr == (
        "slava: grains.png: 127.0.0.1 answered 401 Unauthorized "
        "(Incorrect API key: Bearer ***). Give the server's API key.\n"
    )
    assert done.stdout == ""
    assert endpoint.requests == [], "the micrograph stays here"
