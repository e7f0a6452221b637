"""What a server reports of a model that it serves: as much as can be known of its weights. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slava.handoff.files import canonical, hash_bytes

TELLING = ("owned_by", "root", "parent", "digest", "revision", "meta")
"""Fields of a listed model that stay while its weights do: vLLM names the folder and the base of an
adapter, llama.cpp the size and the parts of the network, others a digest."""
DATED = "library"
"""The owner under Ollama, where ``created`` is the day of the weights; elsewhere it is now."""


def served_as(reported: Mapping[str, Any]) -> str:
    """A hash (16 hex digits) of what a server says of a model; empty where it says its name only.

    Other weights under the same name show in it as far as the server lets them show.
    """
    told = {name: reported[name] for name in TELLING if reported.get(name)}
    if told.get("owned_by") == DATED and reported.get("created"):
        told["created"] = reported["created"]
    return hash_bytes(canonical(told))[:16] if told else ""
