"""Which event of the Analyse tab calls which handler. The only place of this tab with listeners.

Every event has an ``api_name``, so that the wiring can be tested without a browser.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from ui.guard import guarded
from ui.services import Services
from ui.tabs.analyse.layout import Analyse
from ui.tabs.analyse.on_conversation import OnConversation
from ui.tabs.analyse.on_known import OnKnown
from ui.tabs.analyse.on_library import OnLibrary
from ui.tabs.analyse.on_model import OnModel
from ui.tabs.analyse.showing import Showing

Components = Sequence[Any]
Watch = Callable[[Any, str], None]


def wire(tab: Analyse, services: Services, base: str, window: gr.Blocks) -> None:
    """Connect every event of the tab; call it inside ``window``."""
    show = Showing(services, base)
    conversation = OnConversation(services, show)

    def watch(event: Any, name: str) -> None:
        """Show the answer under way after ``event``; any number of pages may watch."""
        event.success(
            guarded(conversation.stream),
            [tab.micrograph_id, tab.conversation_id],
            [tab.chat, tab.head, tab.model, tab.question],
            api_name=f"analyse_stream_{name}",
            show_progress="hidden",
            concurrency_limit=None,
        )

    _wire_library(tab, OnLibrary(services, show), watch, window)
    _wire_known(tab, OnKnown(services, show))
    _wire_asking(tab, conversation, watch)
    _wire_head(tab, conversation, watch)
    _wire_model(tab, OnModel(services, show))


def _opened(tab: Analyse) -> list[Any]:
    """Outputs in the order of :meth:`Showing.opened`."""
    return [
        tab.micrograph_id,
        tab.conversation_id,
        tab.viewer,
        tab.facts,
        tab.askbar,
        tab.head,
        tab.chat,
        tab.question,
        tab.seen,
    ]


def _on(
    listener: Callable[..., Any],
    handler: Callable[..., Any],
    inputs: Components,
    outputs: Components,
    name: str,
    *,
    queue: bool = True,
) -> Any:
    """A quick event, without a spinner.

    It goes through the queue, because Gradio shows the notices of queued events only; ``queue`` is
    false for those that come often and have nothing to say.
    """
    return listener(
        guarded(handler),
        list(inputs),
        list(outputs),
        api_name=f"analyse_{name}",
        queue=queue,
        concurrency_limit=None,
        show_progress="hidden",
    )


def _wire_library(tab: Analyse, do: OnLibrary, watch: Watch, window: gr.Blocks) -> None:
    library, opened, adding = tab.library, _opened(tab), [tab.seen]
    one = [tab.micrograph_id]
    watch(_on(window.load, do.load, [], [*opened, library, tab.model], "load"), "loaded")
    watch(_on(library.chosen, do.choose, [], opened, "choose"), "chosen")
    _on(library.dropped, do.drop, [], adding, "drop")
    _on(library.folder_wanted, do.add_folder, [], adding, "add_folder")
    _on(library.samples_wanted, do.add_samples, [], adding, "add_samples")
    _on(tab.viewer.samples_wanted, do.add_samples, [], adding, "add_samples_from_viewer")
    _on(library.cancelled, do.cancel, [], adding, "cancel_adding")
    _on(library.dismissed, do.dismiss, one, [library], "dismiss")
    _on(library.removed, do.remove, one, [*opened, library], "remove")
    looked = [*opened, library, tab.model]
    _on(library.news, do.look, [tab.micrograph_id, tab.seen], looked, "look", queue=False)


def _wire_known(tab: Analyse, do: OnKnown) -> None:
    known = [tab.viewer, tab.facts, tab.askbar, tab.library, tab.seen]
    _on(tab.viewer.calibrated, do.calibrate, [], known, "calibrate")
    _on(tab.viewer.calibration_undone, do.undo_calibration, [], known, "undo_calibration")
    _on(tab.viewer.bar_confirmed, do.confirm_bar, [], known, "confirm_bar")
    _on(tab.viewer.bar_refused, do.refuse_bar, [], known, "refuse_bar")
    _on(tab.facts.measure_wanted, do.measure, [], known, "measure")
    _on(tab.viewer.excluded, do.exclude, [], known, "exclude")
    _on(tab.facts.noted, do.note, [tab.micrograph_id], [tab.askbar], "note")


def _wire_asking(tab: Analyse, do: OnConversation, watch: Watch) -> None:
    ids = [tab.micrograph_id, tab.conversation_id]
    asked = [tab.conversation_id, tab.chat, tab.head, tab.question, tab.seen]
    watch(_on(tab.question.submit, do.ask, [tab.question, *ids], asked, "ask"), "asked")
    watch(_on(tab.askbar.suggested, do.suggest, ids, asked, "suggest"), "suggested")
    watch(_on(tab.chat.edit, do.edit, ids, asked, "edit"), "edited")
    watch(_on(tab.chat.retry, do.retry, ids, asked, "retry"), "retried")
    _on(tab.question.stop, do.stop, [tab.conversation_id], [], "stop", queue=False)
    _on(tab.askbar.level_chosen, do.choose_level, ids[:1], [tab.askbar], "choose_level")


def _wire_head(tab: Analyse, do: OnConversation, watch: Watch) -> None:
    ids = [tab.micrograph_id, tab.conversation_id]
    begun = [tab.conversation_id, tab.chat, tab.head, tab.question]
    _on(tab.head.begun, do.begin, ids[:1], begun, "begin")
    opened = [*_opened(tab), tab.library]
    watch(_on(tab.head.chosen, do.choose, [], opened, "choose_conversation"), "conversation")
    _on(tab.head.renamed, do.rename, ids, [tab.head], "rename")
    _on(tab.head.removed, do.delete, ids, [tab.conversation_id, tab.chat, tab.head], "delete")


def _wire_model(tab: Analyse, do: OnModel) -> None:
    shown = [tab.model, tab.seen]
    _on(tab.question.focus, do.focus, [], shown, "focus", queue=False)
    _on(tab.model.load_wanted, do.choose, [], shown, "choose_model")
    _on(tab.model.unload_wanted, do.unload, [], [tab.model], "unload_model")
    _on(tab.model.size_wanted, do.look_up_size, [], shown, "look_up_size")
    _on(tab.model.download_wanted, do.download, [], shown, "download_model")
    _on(tab.model.cancel_wanted, do.cancel_download, [], [tab.seen], "cancel_download")
