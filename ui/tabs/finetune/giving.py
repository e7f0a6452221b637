"""An adapter that is taken elsewhere, as the tab shows it. Pure."""

from __future__ import annotations

from slava.domain import Adapter
from ui.present.words import Shown
from ui.services.adapter_exports import Given, refusal, share


def forms(adapter: Adapter | None) -> list[Shown]:
    """In which forms an adapter can be taken elsewhere; LoRA and LoRA-FA are plain already."""
    if adapter is None:
        return []
    if adapter.method != "dya_moqpe":
        return [{"name": "lora", "title": "Copy to a folder"}]
    return [
        {"name": "peft", "title": "As it is"},
        {"name": "lora", "title": "As plain LoRA"},
    ]


def hint(adapter: Adapter | None) -> str:
    """What the forms mean."""
    if adapter is None:
        return ""
    if adapter.method != "dya_moqpe":
        return "It is plain LoRA: PEFT and servers such as vLLM load it as it is."
    return (
        "As it is, sLAVA loads it. As plain LoRA, PEFT alone and servers such as vLLM load it: "
        "its experts are distilled into one, which is near to it, not equal, and how near is said."
    )


def given(now: Given | None, adapter: Adapter | None) -> Shown:
    """The export under way, or the last one, where it is of this adapter."""
    nothing = {"state": "", "text": "", "folder": "", "fraction": 0.0, "refused": False}
    if now is None or adapter is None or now.adapter_id != adapter.id:
        return nothing
    if now.under_way:
        begun = now.note or ("copying" if now.form == "peft" else "starting")
        text = f"{begun}, step {now.done} of {now.total}" if now.done else begun
        return {**nothing, "state": "running", "text": text, "fraction": now.fraction}
    if now.state != "done":
        return {**nothing, "state": now.state, "text": _sentence(now.error or "cancelled")}
    made = now.made
    if made is not None and not made.written:
        told = refusal(made, "Take it as it is")
        return {**nothing, "state": "done", "refused": True, "text": _sentence(told)}
    return {**nothing, "state": "done", "folder": now.folder, "text": _written(now)}


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _written(now: Given) -> str:
    made = now.made
    if made is None:
        return "It was copied, with its model card, to:"
    if made.how == "classes":
        return "One plain LoRA for each kind of request, each exact, is in:"
    return (
        f"A plain LoRA of rank {made.rank} finds the adapter's next token likeliest for "
        f"{share(made)} of answers that it was not distilled on. It is in:"
    )
