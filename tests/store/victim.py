"""A process to be killed: works on a workspace and prints a line for each thing acknowledged."""

from __future__ import annotations

import itertools
import json
import sys
from pathlib import Path

from slava.domain import Calibration
from store import Store
from store.ingest import ingest_folder
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


def main() -> None:
    doing, workspace, folder = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    with Store.open(workspace, inspect=PlainReader(seconds=0.01)) as store:
        say(opened=True)
        {"ingest": ingest, "chat": chat, "edit": edit, "hold": hold}[doing](store, folder)


def hold(store: Store, folder: Path) -> None:
    sys.stdin.read()


if __name__ == "__main__":
    main()
