"""Drafting while the disk fills up: nothing paid is lost, the job pauses, and goes on with space.

    python benchmarks/full_disk.py FOLDER [--micrographs 12] [--left-kb 100]

FOLDER lies on a small file system of its own (``mount -t tmpfs -o size=40m tmpfs FOLDER``). The
workspace is made there, a file takes the space that is left but for ``--left-kb``, and a teacher on
this machine, which counts what it is paid for, answers. When the job has paused by itself the file
is deleted and the job goes on. No timed assertion; fails when an answer is lost or paid twice.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from slava.packs import load_pack  # noqa: E402
from slava.teacher.client import OpenAITeacher  # noqa: E402
from slava.teacher.consent import Consent  # noqa: E402
from slava.teacher.drafting import DraftingJob  # noqa: E402
from slava.teacher.plan import Wanted, make_plan  # noqa: E402
from slava.teacher.prices import load_prices  # noqa: E402
from slava.teacher.sent_log import SentLog  # noqa: E402
from slava.teacher.subject import Subject  # noqa: E402
from slava.teacher.terms import Backoff, Terms  # noqa: E402
from store import Store  # noqa: E402
from tests.store.plain_reader import PlainReader, write_micrograph  # noqa: E402
from tests.teacher.fake_server import FakeTeacher  # noqa: E402

PATIENCE_S = 120.0
FIRST = 5
"""So many answers are paid for before the space is taken."""


def main() -> int:
    """Run it, and print what was found as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--micrographs", type=int, default=12)
    parser.add_argument("--left-kb", type=int, default=100)
    wanted = parser.parse_args()
    if shutil.disk_usage(wanted.folder).total > 1e9:
        parser.error(f"{wanted.folder} has more than 1 GB: give a small file system of its own.")
    found = draft_in(wanted.folder, wanted.micrographs, wanted.left_kb * 1000)
    print(json.dumps(found, indent=1))
    return 0 if found["lost"] == found["paid_twice"] == 0 and found["state"] == "done" else 1


def draft_in(folder: Path, count: int, left_bytes: int) -> dict[str, object]:
    """Draft about ``count`` micrographs on a file system with ``left_bytes`` of space."""
    price = load_prices().of("gpt-4o")
    ballast = folder / "ballast"
    with (
        FakeTeacher() as fake,
        Store.open(folder / "workspace", inspect=PlainReader()) as store,
    ):
        for seed in range(count):
            path = write_micrograph(folder / f"{seed}.png", seed=seed)
            store.micrographs.add_micrograph(path)
        known = {m.id: m for m in store.micrographs.list_micrographs()}
        read = {i: (m, store.micrographs.read_grey(i)) for i, m in sorted(known.items())}
        teacher = OpenAITeacher(fake.url, fake.key, honours_keys=True)
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
            SentLog(folder / "workspace" / "logs"),
            read.__getitem__,
            price,
            Consent(plan.payload_hash, 50.0),
            is_confidential=lambda i: known[i].confidential,
            terms=Terms(3, Backoff(6, 0.01, 0.02)),
        )
        ended = []
        thread = threading.Thread(target=lambda: ended.append(job.run()), daemon=True)
        thread.start()
        until = time.monotonic() + PATIENCE_S
        while len(fake.paid) < FIRST and time.monotonic() < until:
            time.sleep(0.01)
        ballast.write_bytes(bytes(max(0, shutil.disk_usage(folder).free - left_bytes)))
        sentences: list[str] = []
        at_pause: list[int] = []
        until = time.monotonic() + PATIENCE_S
        while thread.is_alive() and time.monotonic() < until:
            if job.control.paused:
                sentences.append(job.control.reason)
                at_pause.append(len(fake.paid))
                ballast.unlink(missing_ok=True)
                time.sleep(0.3)
                job.control.resume()
            thread.join(0.2)
        job.control.cancel()
        thread.join(PATIENCE_S)
        teacher.close()
        answered = {r.id for r in store.drafts.list_requests(job.id, "answered")}
        return {
            "requests": len(plan.requests),
            "pauses": len(sentences),
            "sentence": sentences[0] if sentences else "",
            "paid_at_first_pause": at_pause[0] if at_pause else None,
            "state": ended[0].state if ended else "no end",
            "reason": ended[0].reason if ended else "",
            "paid": len(fake.paid),
            "paid_twice": sum(n > 1 for n in fake.paid.values()),
            "lost": len(set(fake.paid) - answered),
            "pairs": store.pairs.count_pairs(),
            "log_lines_broken": broken_lines(folder / "workspace" / "logs" / "sent.jsonl"),
        }


def broken_lines(path: Path) -> int:
    """Lines of the log of what was sent that cannot be read."""
    broken = 0
    if not path.exists():
        return 0
    for line in path.read_bytes().splitlines():
        try:
            json.loads(line)
        except ValueError:
            broken += 1
    return broken


if __name__ == "__main__":
    sys.exit(main())
