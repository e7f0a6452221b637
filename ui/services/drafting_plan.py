"""From what somebody wishes to the requests that are shown to them; nothing leaves.

It must not know who is told how far it is.
"""

from __future__ import annotations

from dataclasses import replace

from slava.packs import Pack
from slava.teacher.comparisons import choose_groups, contrasts_of
from slava.teacher.picture import Sending
from slava.teacher.plan import Group, Plan, Wanted, make_plan
from ui.services.drafting_records import DraftWish, Planning
from ui.services.job import Job
from ui.services.teaching import Desk, TeacherChoice


def planned(
    desk: Desk, wish: DraftWish, choice: TeacherChoice, job: Job[Planning]
) -> tuple[Plan, Pack]:
    """Put the requests together; ``job`` is told how far that is, and may end it.

    Raises
    ------
    BadInput, BadSetting
        If nothing can be asked so.
    """
    pack = desk.pack(wish.pack)
    pack.aspects_of(wish.aspects)
    contrasts_of(wish.compare, pack)
    subjects = []
    for at in wish.ids:
        job.check()
        subjects.append(desk.subject(at, wish.measure))
        job.update(lambda p: replace(p, done=p.done + 1))

    def on_progress(done: int, total: int) -> None:
        job.check()
        job.change(done=done, total=total, note="preparing requests")

    plan = make_plan(
        subjects,
        Wanted(
            pack,
            wish.aspects,
            wish.templates,
            groups_of(desk, wish, pack),
            Sending(longest_px=wish.longest_px),
        ),
        read=desk.read,
        host=choice.host,
        model=choice.model,
        price=choice.price(desk.store),
        on_progress=on_progress,
    )
    return plan, pack


def groups_of(desk: Desk, wish: DraftWish, pack: Pack) -> tuple[Group, ...]:
    """What is compared with what; vectors are made where a comparison needs them."""
    contrasts = contrasts_of(wish.compare, pack)
    needed = [c for c in contrasts if c != "heterogeneity"]
    return choose_groups(desk.index(wish.ids) if needed else None, wish.ids, contrasts)
