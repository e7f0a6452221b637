"""The user's yes to one exact set of requests.

It is bound to what was shown by a hash; a job that holds another set refuses to send. It must not
know how the question is put to the user.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from slava.errors import BadInput
from slava.teacher.outgoing import Known


@dataclass(frozen=True, slots=True)
class Consent:
    """Given once, for one set of requests to one host."""

    payload_hash: str
    """Of what was shown: see :func:`payload_hash`."""
    cap_usd: float | None
    """No more is spent; ``None`` only where nothing costs anything."""
    given_at: str = ""
    """ISO 8601, UTC."""


def payload_hash(host: str, requests: Sequence[Known]) -> str:
    """SHA-256 over destination and every request with all that it holds, whatever their order."""
    told = [host, sorted({r.id for r in requests})]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def require_consent(consent: Consent | None, host: str, requests: Sequence[Known]) -> Consent:
    """The consent, where it was given for these; refuse to send anything that was not agreed to.

    Raises
    ------
    BadInput
        If there is no consent, or it was given for something else.
    """
    if consent is None:
        raise BadInput("nothing is sent without your consent. Look at the payload and agree to it.")
    if consent.payload_hash != payload_hash(host, requests):
        raise BadInput(
            "what is to be sent is not what was agreed to. Look at the payload again and agree "
            "to it."
        )
    return consent
