"""What a request must tell of itself so that it can be shown, agreed to, paid for and sent.

It must not know what is asked, nor who answers.
"""

from __future__ import annotations

from typing import Protocol

from slava.domain import MicrographId
from slava.teacher.ledger import RequestId


class Known(Protocol):
    """Whatever has an id that is a hash of all that is sent."""

    @property
    def id(self) -> RequestId: ...


class Outgoing(Known, Protocol):
    """One request, ready to be sent; what it holds is made when it leaves."""

    @property
    def cost_usd(self) -> float:
        """At most."""
        ...

    @property
    def micrograph_ids(self) -> tuple[MicrographId, ...]:
        """Every micrograph that it shows or speaks of."""
        ...

    def to_json(self) -> str:
        """Everything but the bytes of pictures, as the book keeps it."""
        ...
