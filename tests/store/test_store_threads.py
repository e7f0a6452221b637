"""One Store, many threads, as the window uses it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event

import pytest

from slava.domain import Calibration
from slava.errors import NotFound, UnreadableMicrograph
from store import Store
from store.verify import verify_workspace
from tests.store.plain_reader import PlainReader, write_micrograph

THREADS = 8


def at_once(work: Callable[[int], object], count: int = THREADS) -> list[object]:
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(work, range(count)))


def test_the_same_file_from_many_threads_is_one_micrograph(store: Store, file: Path) -> None:
    added = at_once(lambda _: store.micrographs.add_micrograph(file))
    assert sorted(a.duplicate for a in added) == [False] + [True] * (THREADS - 1)  # type: ignore[attr-defined]
    assert verify_workspace(store).ok


def test_turns_of_many_threads_get_positions_of_their_own(store: Store, file: Path) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph
    talk = store.conversations.add_conversation(micrograph.id, "Busy")

    def ask(thread: int) -> None:
        for number in range(5):
            turn = store.conversations.add_turn(talk.id, f"{thread}-{number}")
            store.conversations.record_partial(turn.id, "...")
            store.conversations.finish_turn(turn.id, f"answer {thread}-{number}", "done")

    at_once(ask)
    turns = store.conversations.list_turns(talk.id)
    assert [t.position for t in turns] == list(range(5 * THREADS))
    assert all(t.answer == f"answer {t.question}" for t in turns)


def test_readers_and_writers_of_the_same_row_do_not_disturb_each_other(
    store: Store, file: Path
) -> None:
    micrograph = store.micrographs.add_micrograph(file).micrograph

    def work(thread: int) -> None:
        for number in range(10):
            store.micrographs.set_notes(micrograph.id, f"{thread} {number}")
            store.micrographs.set_calibration(micrograph.id, Calibration(1.0 + number, "manual"))
            store.settings.set_setting("last", [thread, number])
            assert store.micrographs.get_micrograph(micrograph.id).id == micrograph.id
            assert store.settings.get_setting(f"own {thread}", thread) == thread

    at_once(work)
    assert len(store.micrographs.list_calibrations(micrograph.id)) == 1 + 10 * THREADS


def test_adding_and_removing_the_same_file_ends_in_order(store: Store, tmp_path: Path) -> None:
    paths = [write_micrograph(tmp_path / f"{seed}.png", seed) for seed in range(2)]

    def work(thread: int) -> None:
        for _ in range(4):
            with suppress(NotFound, UnreadableMicrograph):  # another thread has removed it already
                added = store.micrographs.add_micrograph(paths[thread % 2]).micrograph
                store.micrographs.remove_micrograph(added.id)

    at_once(work)
    report = verify_workspace(store)
    assert (report.problems, report.leftovers) == ((), ())


def test_closing_waits_for_the_write_under_way(tmp_path: Path) -> None:
    store = Store.open(tmp_path, inspect=PlainReader())
    began, go_on = Event(), Event()

    def write(_: int) -> None:
        with store.database.writing() as transaction:
            began.set()
            go_on.wait(5)
            transaction.run("INSERT INTO settings VALUES ('slow', '1', '')")

    with ThreadPoolExecutor(2) as pool:
        writing = pool.submit(write, 0)
        began.wait(5)
        closing = pool.submit(store.close)
        go_on.set()
        writing.result()
        closing.result()
    with Store.open(tmp_path) as again:
        assert again.settings.get_setting("slow") == 1


def test_a_transaction_that_fails_leaves_nothing_and_blocks_nobody(store: Store) -> None:
    def trip() -> None:
        with store.database.writing() as transaction:
            transaction.run("INSERT INTO settings VALUES ('half', '1', '')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        trip()
    assert store.settings.get_setting("half") is None
    store.settings.set_setting("half", 2)
    assert store.settings.get_setting("half") == 2


def test_closing_waits_for_a_reader_of_another_thread(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "w")
    began = Event()

    def read() -> object:
        began.set()
        return store.database.rows("SELECT max(hash(i)) IS NULL FROM range(400000000) t(i)")

    with ThreadPoolExecutor(1) as pool:
        reading = pool.submit(read)
        began.wait()
        time.sleep(0.2)
        store.close()
        assert reading.result() == [(False,)]
    Store.open(tmp_path / "w").close()
