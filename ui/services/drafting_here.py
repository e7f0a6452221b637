"""Pairs drafted on this machine from facts, labels and a local model; nothing leaves or costs.

It must not know how progress is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from slava.domain import MicrographId, QAPair
from slava.errors import NotFound, SlavaError
from slava.packs import Aspect, Pack
from ui.services.teaching import Desk

if TYPE_CHECKING:
    from slava.teacher.plan import Group
    from slava.vlm.backbone import Backbone

Drafts = list[QAPair]


@dataclass(frozen=True, slots=True)
class DraftedHere:
    """How far it is."""

    total: int
    done: int = 0
    """Micrographs, then comparisons."""
    pairs: int = 0
    """New ones."""
    known: int = 0
    """Drafted before: they stay as they are."""
    flagged: int = 0
    """Of the new ones, how many a check speaks against."""
    failed: tuple[str, ...] = ()
    """Micrographs that could not be drafted about, with the reason."""


def draft_here(
    desk: Desk,
    ids: Sequence[MicrographId],
    pack: Pack,
    *,
    aspects: tuple[str, ...] = (),
    backbone: Backbone | None = None,
    groups: Sequence[Group] = (),
    measure: bool = True,
    check: Callable[[], None] = lambda: None,
    tell: Callable[[DraftedHere], None] = lambda _: None,
) -> DraftedHere:
    """Draft about each micrograph and each pair of a group; a bad one spoils no other.

    Parameters
    ----------
    aspects
        Labels; all of the pack's for none.
    backbone
        A loaded model that also speaks; without it facts and labels speak alone.
    measure
        Whether micrographs that have not been measured are measured first.
    check
        Called before each micrograph; waits while paused, raises Cancelled to end.
    tell
        Told after each.

    Raises
    ------
    BadSetting
        If the pack has no such aspect.
    """
    chosen = pack.aspects_of(aspects)
    compared = [members for c, members in groups if c != "heterogeneity" and len(members) > 1]
    works = [partial(_about, desk, at, pack, chosen, backbone, measure) for at in ids]
    works += [partial(_compared, desk, members, pack) for members in compared]
    now = DraftedHere(len(works))
    for work in works:
        check()
        now = _after(now, desk, pack, work)
        tell(now)
    return now


def _after(now: DraftedHere, desk: Desk, pack: Pack, work: Callable[[], Drafts]) -> DraftedHere:
    """Keep what ``work`` drafts with the flags of the checks."""
    now = replace(now, done=now.done + 1)
    try:
        pairs = work()
        ids = list(dict.fromkeys(i for p in pairs for i in p.micrograph_ids))
        flags = desk.flags(pairs, ids, pack)
        added = desk.store.pairs.add_pairs(pairs, flags)
    except NotFound:
        return now  # removed meanwhile
    except SlavaError as error:
        return replace(now, failed=(*now.failed, str(error)))
    flagged = sum(1 for one in added.added if flags.get(one))
    return replace(
        now,
        pairs=now.pairs + len(added.added),
        known=now.known + len(added.known),
        flagged=now.flagged + flagged,
    )


def _about(
    desk: Desk,
    micrograph_id: MicrographId,
    pack: Pack,
    aspects: tuple[Aspect, ...],
    backbone: Backbone | None,
    measure: bool,
) -> Drafts:
    from slava.teacher.local import draft_locally
    from slava.vlm.ask import make_view
    from slava.vlm.context import build_context

    subject = desk.subject(micrograph_id, measure, here=True)
    view = None
    if backbone is not None:
        micrograph, grey = desk.read(micrograph_id)
        view = make_view(micrograph, grey, build_context(micrograph, subject.facts, "high"))
    return draft_locally(subject, pack, aspects, backbone, view)


def _compared(desk: Desk, ids: Sequence[MicrographId], pack: Pack) -> Drafts:
    from slava.teacher.local import compare_locally

    first, second = (desk.subject(i, False, here=True) for i in ids[:2])
    pair = compare_locally(first, second, pack)
    return [] if pair is None else [pair]
