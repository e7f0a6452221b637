"""Everything that the panel can have done: planning, starting, ending, taking up an adapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from slava.domain import AdapterId
from slava.errors import BadInput
from ui.services import Services
from ui.tabs.finetune import incoming, planning

Sent = dict[str, Any]


class Acting:
    """Verbs by the names that the page uses; each takes what was sent and answers with JSON."""

    def __init__(self, services: Services) -> None:
        self._services, self._training = services, services.training
        self._verbs: dict[str, Callable[[Sent], Sent]] = {
            "plan": self.plan,
            "check": self.check,
            "try": self.try_steps,
            "end_try": self.end_try,
            "start": self.start,
            "stop": lambda sent: self._on_run(self._training.stop, sent),
            "cancel": lambda sent: self._on_run(self._training.cancel, sent),
            "resume": lambda sent: self._on_run(self._training.resume, sent),
            "remove": lambda sent: self._on_run(self._training.remove, sent),
            "drop": lambda sent: self._on_run(self._training.remove_checkpoints, sent),
            "pause": lambda _: _done(self._training.pause),
            "go_on": lambda _: _done(self._training.go_on),
            "note": self.note,
            "use": self.use,
            "give": self.give,
            "end_give": lambda _: _done(self._training.exports.job.cancel),
            "base": lambda _: _done(self._services.adapters.unload),
        }

    def __call__(self, verb: str, content: bytes) -> Sent:
        """Do it.

        Raises
        ------
        BadInput
            If there is no such verb, or the page sent what is no request.
        """
        act = self._verbs.get(verb)
        if act is None:
            raise BadInput(f"the page asked for {verb!r}, which there is not. Reload it.")
        return act(incoming.body(content))

    # ------------------------------------------------------------------ before the start
    def plan(self, sent: Sent) -> Sent:
        """The settings of a preset with what was changed, and the command that does the same."""
        wish = incoming.wish(sent)
        config = self._training.config(wish)
        store = self._services.store
        snapshot = store.snapshots.get_snapshot(wish.snapshot)
        told = {**config.to_json(), "name": wish.name}
        alike = planning.most_alike(wish, store.runs.list_runs())
        return {
            "values": planning.values(config),
            "command": planning.command(snapshot.name, told, sorted(wish.changes)),
            "disk": planning.disk(
                store.workspace,
                self._training.disk_needed(snapshot, config),
                self._training.size(alike.id) if alike else None,
            ),
        }

    def check(self, sent: Sent) -> Sent:
        """Everything that speaks against the start."""
        return {"findings": planning.findings(self._training.check(incoming.wish(sent)))}

    def try_steps(self, sent: Sent) -> Sent:
        """Begin three steps that are thrown away, to know time and memory."""
        wish = incoming.wish(sent)
        snapshot = self._services.store.snapshots.get_snapshot(wish.snapshot)
        self._training.trials.begin(snapshot, self._training.config(wish))
        return {}

    def end_try(self, _sent: Sent) -> Sent:
        """End them, or forget what they foretold: the wish has changed."""
        job = self._training.trials.job
        if job.busy:
            job.cancel()
        else:
            job.dismiss()
        return {}

    def start(self, sent: Sent) -> Sent:
        """Put a run at the end of the queue."""
        return {"id": self._training.begin(incoming.wish(sent)).id}

    # ------------------------------------------------------------------ afterwards
    def note(self, sent: Sent) -> Sent:
        """Keep what the user writes about a run."""
        self._training.note(incoming.run_id(sent), incoming.text(sent, "notes", 10_000))
        return {}

    def use(self, sent: Sent) -> Sent:
        """Answer with an adapter in Analyse."""
        self._services.adapters.use(AdapterId(incoming.text(sent, "id", 100)))
        return {}

    def give(self, sent: Sent) -> Sent:
        """Take an adapter elsewhere, in a folder of ``exports/``."""
        adapter, form = incoming.text(sent, "id", 100), incoming.text(sent, "form", 20)
        anyway = sent.get("anyway") is True
        self._training.exports.begin(AdapterId(adapter), form, anyway=anyway)
        return {}

    def _on_run(self, act: Callable[[Any], object], sent: Sent) -> Sent:
        act(incoming.run_id(sent))
        return {}


def _done(act: Callable[[], None]) -> Sent:
    act()
    return {}
