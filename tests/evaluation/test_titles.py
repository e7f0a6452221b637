"""Models of one title are told apart by what differs between them."""

from __future__ import annotations

import pytest

from slava.domain import ModelEntry
from slava.evaluation.titles import told_apart

HERE, THERE = "http://127.0.0.1:8000/v1#qwen", "https://big.example.org/v1#qwen"


@pytest.mark.parametrize(
    ("entries", "titles"),
    [
        ([ModelEntry("a", "builtin"), ModelEntry("b", "builtin")], ["a", "b"]),
        ([ModelEntry("qwen", HERE), ModelEntry("qwen", THERE)],
         ["qwen, 127.0.0.1:8000", "qwen, big.example.org"]),
        ([ModelEntry("steel", "builtin", adapter="0123456789"),
          ModelEntry("steel", "builtin", adapter="ff23456789")],
         ["steel, adapter 01234567", "steel, adapter ff234567"]),
        ([ModelEntry("steel", "builtin", adapter="01"),
          ModelEntry("steel", "builtin", "int8", adapter="01")],
         ["steel", "steel, int8"]),
        ([ModelEntry("vl", "/models/a/vl"), ModelEntry("vl", "/models/b/vl"),
          ModelEntry("vl", "lab/vl")],
         ["vl, /models/a", "vl, /models/b", "vl, lab"]),
        ([ModelEntry("GPT", "given:GPT"), ModelEntry("GPT", "/m/GPT")], ["GPT, given", "GPT, /m"]),
        ([ModelEntry("s", "builtin", adapter="0123456789"),
          ModelEntry("s", "builtin", adapter="01234567ff"), ModelEntry("s (2)", "lab/s")],
         ["s", "s (3)", "s (2)"]),
    ],
)  # fmt: skip
def test_what_differs_is_said(entries: list[ModelEntry], titles: list[str]) -> None:
    assert [entry.title for entry in told_apart(entries)] == titles
