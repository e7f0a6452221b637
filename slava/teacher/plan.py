"""From micrographs to the set of requests that a user agrees to: words, pictures, cost.

Nothing leaves here. It must not know where micrographs are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from slava.domain import MicrographId
from slava.errors import BadInput, SlavaError
from slava.packs import Contrast, Pack
from slava.teacher.consent import payload_hash
from slava.teacher.payload import Prepared, ReadMicrograph, make_pictures, prepare, shown_body
from slava.teacher.picture import Sending
from slava.teacher.prices import Price
from slava.teacher.prompts import ask_about, compare
from slava.teacher.subject import Ask, Subject, Template, require_not_confidential

Group = tuple[Contrast, tuple[MicrographId, ...]]
"""What a comparison is about, and of which micrographs."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be drafted."""

    pack: Pack
    aspects: tuple[str, ...] = ()
    """Labels; all of the pack's for none."""
    templates: tuple[Template, ...] = ("vqa",)
    groups: tuple[Group, ...] = ()
    """Comparisons; see :mod:`slava.teacher.comparisons`."""
    sending: Sending = field(default_factory=Sending)


@dataclass(frozen=True, slots=True)
class Plan:
    """A set of requests to one host, as it is shown before anything is sent."""

    host: str
    model: str
    requests: tuple[Prepared, ...]
    price_known: bool
    skipped: tuple[str, ...] = ()
    """Micrographs that could not be read, with the reason."""

    @property
    def payload_hash(self) -> str:
        """What a consent has to name."""
        return payload_hash(self.host, self.requests)

    @property
    def cost_usd(self) -> float:
        """At most."""
        return sum(r.cost_usd for r in self.requests)

    def summary(self) -> dict[str, Any]:
        """What is sent and what it may cost, as plain values."""
        one = self.requests
        micrographs = {i for r in one for i in r.ask.micrograph_ids}
        sizes = sorted({f"{p['width_px']} × {p['height_px']} px" for r in one for p in r.pictures})
        return {
            "host": self.host,
            "model": self.model,
            "requests": len(one),
            "micrographs": len(micrographs),
            "picture_sizes": sizes,
            "picture_bytes": sum(r.picture_bytes for r in one),
            "picture_notes": sorted({n for r in one for n in r.notes}),
            "tokens_read": sum(r.tokens_read for r in one),
            "tokens_written_at_most": sum(r.tokens_written for r in one),
            "cost_usd_at_most": round(self.cost_usd, 6),
            "cost_usd_likely": round(sum(r.likely_usd for r in one), 6),
            "price_known": self.price_known,
            "prompt_versions": sorted({r.ask.prompt_version for r in one}),
            "payload_hash": self.payload_hash,
            "skipped": list(self.skipped),
        }

    def payload(self) -> list[dict[str, Any]]:
        """Every body, with sizes and hashes in place of the pictures' bytes."""
        return [shown_body(r) for r in self.requests]


def make_plan(
    subjects: Sequence[Subject],
    wanted: Wanted,
    *,
    read: ReadMicrograph,
    host: str,
    model: str,
    price: Price,
    on_progress: Callable[[int, int], None] | None = None,
) -> Plan:
    """Prepare every request.

    Parameters
    ----------
    subjects
        Every micrograph that is asked about or compared.
    read
        Reads one micrograph; one that cannot be read is left out and named.
    on_progress
        Told how many requests of how many are prepared.

    Raises
    ------
    BadInput
        If one of them is confidential, or nothing is left to be asked.
    BadSetting
        If the pack has no such aspect.
    """
    require_not_confidential(subjects)
    asks = list(_asks(subjects, wanted))
    requests: dict[str, Prepared] = {}
    skipped: dict[str, str] = {}
    for number, ask in enumerate(asks, 1):
        try:
            pictures = make_pictures(ask, read, wanted.sending)
        except SlavaError as error:
            skipped[str(error)] = str(error)
            continue
        one = prepare(
            ask, pictures, teacher=host, model=model, price=price, sending=wanted.sending
        )  # fmt: skip
        requests[one.id] = one
        if on_progress is not None:
            on_progress(number, len(asks))
    if not requests:
        why = f" ({next(iter(skipped))})" if skipped else ""
        raise BadInput(f"there is nothing to ask about{why}. Choose micrographs.")
    return Plan(host, model, tuple(requests.values()), price.known, tuple(skipped))


def _asks(subjects: Sequence[Subject], wanted: Wanted) -> Iterator[Ask]:
    longest = wanted.sending.longest_px
    aspects = wanted.pack.aspects_of(wanted.aspects)
    for subject in subjects:
        yield from ask_about(
            subject, wanted.pack, longest_px=longest, aspects=aspects, templates=wanted.templates
        )
    known = {s.micrograph.id: s for s in subjects}
    for contrast, ids in wanted.groups:
        members = [known[i] for i in ids if i in known]
        yield compare(contrast, members, wanted.pack, longest_px=longest)
