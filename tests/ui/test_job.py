"""A job: its progress and time, pausing, stopping, failing, and what follows it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from slava.errors import BadInput, ModelError
from tests.ui.conftest import until
from ui.services.job import Job, Progress
from ui.services.news import News


@dataclass(frozen=True, slots=True)
class Counted(Progress):
    """Numbers, one by one."""

    numbers: tuple[int, ...] = ()


class Counter:
    """Counts up to a total, one number for every time it is let go."""

    def __init__(self, job: Job[Counted]) -> None:
        self.job, self.go = job, threading.Semaphore(0)

    def __call__(self) -> None:
        now = self.job.now
        assert now is not None
        for number in range(now.total):
            self.go.acquire(timeout=20)
            self.job.check()
            self.job.update(self._counted(number))

    def _counted(self, number: int) -> Callable[[Counted], Counted]:
        return lambda c: replace(c, done=c.done + 1, numbers=(*c.numbers, number))

    def let(self, times: int) -> None:
        for _ in range(times):
            self.go.release()


@pytest.fixture
def news() -> News:
    return News()


@pytest.fixture
def job(news: News) -> Iterator[Job[Counted]]:
    made = Job[Counted]("counting", news, "it counts. Wait.")
    yield made
    made.close(20)


@pytest.fixture
def counter(job: Job[Counted]) -> Iterator[Counter]:
    made = Counter(job)
    yield made
    made.let(100)


def now(job: Job[Counted]) -> Counted:
    assert job.now is not None
    return job.now


def test_it_tells_how_far_it_has_come_and_how_long_the_rest_takes(
    job: Job[Counted], counter: Counter, news: News
) -> None:
    assert (job.now, job.busy) == (None, False)
    job.begin(Counted(total=4), counter)
    assert (now(job).state, now(job).eta_s, now(job).fraction) == ("running", None, 0)
    before = news.version
    counter.let(1)
    until(lambda: now(job).done == 1)
    first = now(job)
    assert news.version > before
    assert first.fraction == 0.25
    assert first.eta_s == pytest.approx(3 * first.seconds)
    counter.let(3)
    job.wait()
    assert (now(job).state, now(job).numbers, now(job).eta_s) == ("done", (0, 1, 2, 3), None)
    job.dismiss()
    assert job.now is None


def test_a_second_one_is_refused_while_one_goes_on(job: Job[Counted], counter: Counter) -> None:
    job.begin(Counted(total=1), counter)
    with pytest.raises(ModelError, match="it counts"):
        job.begin(Counted(), counter)
    job.dismiss()
    assert job.busy
    counter.let(1)
    job.wait()
    job.begin(Counted(), lambda: None)
    job.wait()
    assert now(job).state == "done"


def test_a_paused_one_waits_and_its_pause_takes_no_time(
    job: Job[Counted], counter: Counter
) -> None:
    job.begin(Counted(total=2), counter)
    job.pause()
    counter.let(2)
    assert (now(job).state, now(job).done, job.busy) == ("paused", 0, True)
    job.resume()
    job.wait()
    assert (now(job).state, now(job).done) == ("done", 2)
    job.pause()
    job.resume()
    assert now(job).state == "done"


@pytest.mark.parametrize("paused", [False, True])
def test_a_stopped_one_keeps_what_it_has_done(
    job: Job[Counted], counter: Counter, paused: bool
) -> None:
    job.begin(Counted(total=3), counter)
    counter.let(1)
    until(lambda: now(job).done == 1)
    if paused:
        job.pause()
    assert job.follow(counter, lambda c: replace(c, total=6))
    job.cancel()
    counter.let(1)
    job.wait()
    assert (now(job).state, now(job).numbers, now(job).total) == ("cancelled", (0,), 6)


def test_a_failure_is_kept_as_a_sentence(
    job: Job[Counted], caplog: pytest.LogCaptureFixture
) -> None:
    def refuse() -> None:
        raise BadInput("three is no number. Take another.")

    job.begin(Counted(), refuse)
    job.wait()
    assert (now(job).state, now(job).error) == ("failed", "three is no number. Take another.")
    job.begin(Counted(), lambda: print(1 // 0))
    job.wait()
    assert now(job).error == "it failed (ZeroDivisionError: integer division or modulo by zero)."
    assert "counting failed" in caplog.text


def test_what_follows_is_done_after_and_nothing_follows_an_end(
    job: Job[Counted], counter: Counter
) -> None:
    seen: list[str] = []
    job.begin(Counted(total=1), counter)
    assert job.follow(lambda: seen.append("second"), lambda c: replace(c, note="and a second"))
    assert seen == []
    counter.let(1)
    job.wait()
    assert (seen, now(job).state, now(job).note) == (["second"], "done", "and a second")
    assert not job.follow(lambda: None, lambda c: c)


def test_a_change_that_changes_nothing_is_no_news(job: Job[Counted], news: News) -> None:
    job.begin(Counted(), lambda: None)
    job.wait()
    before = news.version
    job.update(lambda c: c)
    assert news.version == before
