"""What the review panel sent, checked: it is never trusted to be what our scripts send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, get_args

from slava.domain import PairId, Reason, Verdict
from slava.errors import BadInput, BadSetting
from store import Judgement, PairFilter

Sent = Mapping[str, Any]
MOST_BYTES = 1_000_000
FILTERS = (
    *("text", "aspect", "category", "flag", "teacher", "model", "reviewer", "skipped_by"),
    *("state", "kind", "reason", "order", "micrograph_id"),
)


def read(body: bytes, login: str) -> Sent:
    """The fields of a request; ``login`` is who has logged in, whatever the page says."""
    if len(body) > MOST_BYTES:
        raise BadInput("the page sent too much at once. Reload it.")
    try:
        said = json.loads(body or b"{}")
    except ValueError:
        said = None
    if not isinstance(said, dict):
        raise BadInput("the page sent nothing that can be read. Reload it.")
    return {**said, "login": login}


def filter_of(sent: Mapping[str, Any]) -> PairFilter:
    """A filter as a page sends it; empty texts ask for nothing.

    Raises
    ------
    BadSetting
        When a value is none that pairs can have.
    """
    said = {n: str(sent[n]) for n in FILTERS if isinstance(sent.get(n), str) and sent[n]}
    if isinstance(sent.get("flagged"), bool):
        return PairFilter(**said, flagged=sent["flagged"])  # type: ignore[arg-type]
    return PairFilter(**said)  # type: ignore[arg-type]


def verdict_of(sent: object) -> Verdict:
    """A verdict as a page sends it."""
    found: Verdict | None = next((v for v in get_args(Verdict) if v == sent), None)
    if found is None:
        raise BadSetting(f"{sent!r} is no verdict. Reload the page.")
    return found


def reason_of(sent: object) -> Reason | None:
    """A reason as a page sends it; nothing is none."""
    if not sent:
        return None
    found: Reason | None = next((r for r in get_args(Reason) if r == sent), None)
    if found is None:
        raise BadSetting(f"{sent!r} is no reason. Reload the page.")
    return found


def judgement(sent: Sent) -> Judgement:
    """What a reviewer says of one pair."""
    seconds = sent.get("seconds")
    return Judgement(
        verdict_of(sent.get("verdict")),
        reason_of(sent.get("reason")),
        str(sent.get("comment") or ""),
        text(sent, "question"),
        text(sent, "answer"),
        text(sent, "detailed"),
        float(seconds) if isinstance(seconds, int | float) else None,
    )


def field(sent: Sent, name: str) -> Sent:
    """A dictionary; empty where there is none."""
    value = sent.get(name)
    return value if isinstance(value, dict) else {}


def text(sent: Sent, name: str) -> str | None:
    """A text, or ``None``."""
    value = sent.get(name)
    return value if isinstance(value, str) else None


def texts(sent: Sent, name: str) -> list[str]:
    """A list of texts; what is none is left out."""
    value = sent.get(name)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def whole(sent: Sent, name: str) -> int:
    """A whole number, at least 1."""
    value = sent.get(name)
    return value if isinstance(value, int) and value > 0 else 1


def pair_id(sent: Sent) -> PairId:
    """The pair that is meant."""
    return PairId(text(sent, "id") or "")


def picked(sent: Sent) -> dict[PairId, int]:
    """Pairs that were picked, each with how many reviews of it were seen.

    Raises
    ------
    BadInput
        When none is named.
    """
    found = {PairId(i): seen for i, seen in field(sent, "picked").items() if isinstance(seen, int)}
    if not found:
        raise BadInput("no pair is picked. Pick some in the list first.")
    return found
