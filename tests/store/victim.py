"""A process to be killed: works on a workspace and prints a line for each thing acknowledged."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

from slava.domain import Calibration, Verdict
from slava.teacher.ledger import JobId, RequestId
from store import Judgement, Store
from store.ingest import ingest_folder
from tests.store.drawn_pairs import a_pair, add_micrographs
from tests.store.plain_reader import PlainReader, write_micrograph


def say(**acknowledged: object) -> None:
    print(json.dumps(acknowledged), flush=True)


def ingest(store: Store, folder: Path) -> None:
    ingest_folder(store, folder, on_progress=lambda result: say(**result.to_record()))


def chat(store: Store, folder: Path) -> None:
    added = store.micrographs.add_micrograph(next(folder.glob("*.png"))).micrograph
    for number in itertools.count():
        conversation = store.conversations.add_conversation(added.id, f"Talk {number}")
        say(conversation=conversation.id)
        for question in range(3):
            turn = store.conversations.add_turn(conversation.id, f"Question {question}?")
            say(turn=turn.id, answer="", status="streaming")
            answer = ""
            for word in range(4):
                answer += f"word{word} "
                store.conversations.record_partial(turn.id, answer)
                say(turn=turn.id, answer=answer, status="streaming")
            store.conversations.finish_turn(turn.id, answer, "done", seconds=1.0, tokens=4)
            say(turn=turn.id, answer=answer, status="done")


def edit(store: Store, folder: Path) -> None:
    for seed in itertools.count(1000):
        path = write_micrograph(folder / "edited" / f"{seed}.png", seed=seed)
        micrograph = store.micrographs.add_micrograph(path).micrograph
        say(micrograph=micrograph.id, nm_per_px=None, there=True)
        store.micrographs.set_sidecar(micrograph.id, f"nm_per_px={seed}".encode())
        say(micrograph=micrograph.id, nm_per_px=float(seed), there=True)
        store.micrographs.set_calibration(micrograph.id, Calibration(2.0, "manual"))
        say(micrograph=micrograph.id, nm_per_px=2.0, there=True)
        if seed % 2:
            store.micrographs.remove_micrograph(micrograph.id)
            say(micrograph=micrograph.id, nm_per_px=None, there=False)


def review(store: Store, folder: Path) -> None:
    for number in itertools.count():
        pair = store.leases.next_pair("ann")
        if pair is None:
            return
        edit = f"Answer {number}." if number % 3 == 0 else None
        verdict: Verdict = "edited" if edit else "accepted"
        store.reviews.record_review(
            pair.pair.id, "ann", Judgement(verdict, answer=edit), seen=pair.reviews
        )
        say(pair=pair.pair.id, state="accepted", answer=edit or pair.answer)
        if number % 5 == 4:
            back = store.reviews.undo_last("ann")
            say(pair=pair.pair.id, state="pending", answer=back.answer if back else None)


def draft(store: Store, folder: Path) -> None:
    about = add_micrographs(store, folder / "pairs")
    first = len(store.drafts.list_requests())
    for number in itertools.count(first):
        request = RequestId(f"{number:064}")
        store.drafts.begin(request, "{}", 0.1, JobId("job"))
        say(request=request, state="prepared", pairs=0)
        store.drafts.mark_sent(request)
        say(request=request, state="sent", pairs=0)
        pairs = [a_pair(2 * number + k, about) for k in range(2)]
        store.drafts.finish(request, "answered", "raw", 0.1, (1, 1), pairs)
        say(request=request, state="answered", pairs=2)


def main() -> None:
    doing, workspace, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with Store.open(workspace, inspect=PlainReader(seconds=0.01)) as store:
        say(opened=True)
        works = (ingest, chat, edit, hold, review, draft)
        {work.__name__: work for work in works}[doing](store, folder)


def hold(store: Store, folder: Path) -> None:
    sys.stdin.read()


if __name__ == "__main__":
    main()
