"""Drafting as a tab and the command do it: on a workspace, with consent, in the background."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slava.domain import MicrographId
from slava.errors import BadInput, BadSetting
from slava.settings import Settings
from slava.teacher.ledger import JobId
from slava.teacher.terms import Terms
from store import Store
from store.labels import Labelling
from tests.store.plain_reader import PlainReader, write_micrograph
from tests.teacher.book import QUICK
from tests.teacher.fake_server import FakeTeacher
from ui.services.drafting import Drafting, waiting_jobs
from ui.services.drafting_records import DraftWish
from ui.services.news import News
from ui.services.teaching import TeacherChoice


def wait_for(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.01)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(tmp_path / "w", inspect=PlainReader()) as opened:
        for seed in range(4):
            file = write_micrograph(tmp_path / f"m{seed}.png", seed=seed)
            added = opened.micrographs.add_micrograph(file).micrograph
            label = "particles" if seed % 2 else "powder"
            opened.labels.set_label(Labelling(added.id, label))
        yield opened


@pytest.fixture
def drafting(store: Store) -> Iterator[Drafting]:
    settings = Settings(store.workspace, teacher_api_key="sk-valid")
    service = Drafting(store, settings, News())
    yield service
    service.close(20)


@pytest.fixture
def ids(store: Store) -> tuple[MicrographId, ...]:
    return tuple(m.id for m in store.micrographs.list_micrographs())


def choice(fake: FakeTeacher) -> TeacherChoice:
    return TeacherChoice(fake.url, "gpt-4o", honours_keys=True)


def prepared(drafting: Drafting, fake: FakeTeacher, wish: DraftWish) -> str:
    drafting.prepare(wish, choice(fake))
    drafting.planning.wait()
    assert drafting.planning.now is not None
    assert drafting.planning.now.error == ""
    assert drafting.plan is not None
    return drafting.plan.payload_hash


def test_a_plan_is_shown_agreed_to_and_drafted_with_flags_and_a_job(
    fake: FakeTeacher, drafting: Drafting, store: Store, ids: tuple[MicrographId, ...]
) -> None:
    wish = DraftWish(ids[:2], aspects=("size",), compare="heterogeneity", measure=False)
    agreed = prepared(drafting, fake, wish)
    assert fake.bodies == [], "nothing leaves while it is prepared"
    summary = drafting.plan.summary() if drafting.plan else {}
    assert (summary["requests"], summary["micrographs"]) == (4, 2), "one each, and each in parts"
    with pytest.raises(BadInput, match="not what was agreed to"):
        drafting.begin("0" * 64, 1.0)
    drafting.begin(agreed, 1.0, Terms(2, QUICK))
    drafting.sending.wait()
    now = drafting.sending.now
    assert now is not None
    assert (now.state, now.done, now.pairs, now.error) == ("done", 4, 4, "")
    assert now.spent_usd == pytest.approx(store.drafts.spent(JobId(now.job_id)))
    assert store.pairs.count_pairs() == 4
    assert store.drafts.get_job(JobId(now.job_id)).status == "done"
    assert waiting_jobs(store) == []
    assert drafting.plan is None, "a consent is used once"
    for body in fake.bodies:
        assert ".png" not in str(body["messages"][1]["content"][-1])


def test_cancelled_and_resumed_from_the_workspace_alone(
    fake: FakeTeacher, drafting: Drafting, store: Store, ids: tuple[MicrographId, ...]
) -> None:
    agreed = prepared(drafting, fake, DraftWish(ids[:1], measure=False))
    fake.fault_of, fake.slow_s = (lambda _key, _n: "slow"), 0.1
    drafting.begin(agreed, 1.0, Terms(1, QUICK))
    wait_for(lambda: bool(drafting.sending.now and drafting.sending.now.done >= 2))
    drafting.pause()
    assert drafting.sending.now is not None
    assert drafting.sending.now.state == "paused"
    drafting.cancel()
    drafting.sending.wait()
    assert drafting.sending.now.state == "cancelled"
    job_id = JobId(drafting.sending.now.job_id)
    assert store.drafts.get_job(job_id).status == "stopped"
    assert waiting_jobs(store) == [job_id]
    before = store.pairs.count_pairs()
    assert 2 <= before < 10
    drafting.prepare_rest(job_id)
    assert drafting.plan is not None
    assert len(drafting.plan.requests) == 10 - before
    fake.fault_of = None
    drafting.begin(drafting.plan.payload_hash, 1.0)
    drafting.sending.wait()
    assert store.drafts.get_job(job_id).status == "done"
    assert store.pairs.count_pairs() == 10
    assert set(fake.paid.values()) == {1}
    with pytest.raises(BadInput, match="has been answered"):
        drafting.prepare_rest(job_id)


def test_confidential_micrographs_are_refused_also_while_it_runs(
    fake: FakeTeacher, drafting: Drafting, store: Store, ids: tuple[MicrographId, ...]
) -> None:
    agreed = prepared(drafting, fake, DraftWish(ids[:1], aspects=("size",), measure=False))
    store.micrographs.set_confidential(ids[:1])
    drafting.begin(agreed, 1.0)
    drafting.sending.wait()
    assert drafting.sending.now is not None
    assert drafting.sending.now.error.startswith("confidential, never sent to a teacher")
    drafting.prepare(DraftWish(ids, measure=False), choice(fake))
    drafting.planning.wait()
    assert drafting.plan is None
    assert drafting.planning.now is not None
    assert drafting.planning.now.error.startswith("confidential, never sent to a teacher")
    assert fake.bodies == []


def test_on_this_machine_confidential_ones_are_drafted_too(
    drafting: Drafting, store: Store, ids: tuple[MicrographId, ...]
) -> None:
    store.micrographs.set_confidential(ids[:1])
    drafting.begin_here(DraftWish(ids[:2], measure=False), None)
    drafting.sending.wait()
    now = drafting.sending.now
    assert now is not None
    assert (now.state, now.error) == ("done", "")
    assert now.pairs == store.pairs.count_pairs() > 2
    assert set(store.pairs.count_by("teacher")) == {"local"}
    drafting.begin_here(DraftWish(ids[:2], measure=False), None)
    drafting.sending.wait()
    assert drafting.sending.now is not None
    assert drafting.sending.now.pairs == 0, "the same drafts are the same pairs"


def test_what_is_missing_of_the_teacher_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(BadSetting, match=r"no teacher: give --teacher URL .*; no model: give"):
        TeacherChoice.of(Settings(tmp_path))
