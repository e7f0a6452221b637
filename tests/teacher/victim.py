"""Processes to be killed: each drafts about every micrograph of a workspace.

Importing takes longer than drafting; so one process imports everything and, for every line it is
sent, forks another one that opens the workspace, works, says what is kept, and may be killed.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import openai.resources.chat

from slava.packs import load_pack
from slava.teacher.client import OpenAITeacher
from slava.teacher.consent import Consent
from slava.teacher.drafting import DraftingJob
from slava.teacher.plan import Wanted, make_plan
from slava.teacher.prices import load_prices
from slava.teacher.progress import Drafted
from slava.teacher.sent_log import SentLog
from slava.teacher.subject import Subject
from slava.teacher.terms import Backoff, Terms
from store import Store
from tests.store.plain_reader import PlainReader


def draft() -> None:
    workspace, url, key = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
    price = load_prices().of("gpt-4o")
    with Store.open(workspace, inspect=PlainReader()) as store:
        known = {m.id: m for m in store.micrographs.list_micrographs()}
        read = {i: (m, store.micrographs.read_grey(i)) for i, m in sorted(known.items())}
        teacher = OpenAITeacher(url, key, honours_keys=True)
        plan = make_plan(
            [Subject(m) for m, _ in read.values()],
            Wanted(load_pack()),
            read=read.__getitem__,
            host=teacher.host,
            model="gpt-4o",
            price=price,
        )
        job = DraftingJob(
            plan.requests,
            teacher,
            store.drafts,
            SentLog(workspace / "logs"),
            read.__getitem__,
            price,
            Consent(plan.payload_hash, 50.0),
            is_confidential=lambda i: known[i].confidential,
            terms=Terms(3, Backoff(6, 0.01, 0.02)),
            on_change=Sayer(store),
        )
        done = job.run()
        teacher.close()
        print(json.dumps({"state": done.state, "reason": done.reason}), flush=True)


class Sayer:
    """Acknowledges what has been kept since it last said so; lines are short, hence whole."""

    def __init__(self, store: Store) -> None:
        self._store, self._done = store, 0
        self._said: set[str] = set()

    def __call__(self, now: Drafted) -> None:
        if now.done != self._done:
            self._done = now.done
            kept = {r.id for r in self._store.drafts.list_requests(now.job_id, "answered")}
            for one in sorted(kept - self._said):
                print(json.dumps({"answered": [one]}), flush=True)
            self._said |= kept


def main() -> None:
    assert openai.resources.chat
    print(json.dumps({"ready": True}), flush=True)
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            draft()
            os._exit(0)
        print(json.dumps({"pid": child}), flush=True)
        os.waitpid(child, 0)
        print(json.dumps({"ended": True}), flush=True)


if __name__ == "__main__":
    main()
