"""From a reference to a loaded backbone: ``builtin``, a folder, a repository id, or a URL."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from slava.domain.conversation import Quantization
from slava.errors import BadSetting, ModelNotFound
from slava.vlm.backbone import Backbone

QUANTIZATIONS: tuple[Quantization, ...] = get_args(Quantization)
BUILTIN = "builtin"

ReferenceKind = Literal["builtin", "folder", "repository", "endpoint"]


def quantization_of(text: str) -> Quantization:
    """The quantization of that name.

    Raises
    ------
    BadSetting
        If there is none.
    """
    for quantization in QUANTIZATIONS:
        if text == quantization:
            return quantization
    raise BadSetting(f"quantization {text!r} is none of {', '.join(QUANTIZATIONS)}.")


def kind_of(reference: str) -> ReferenceKind:
    """What ``reference`` names, judged without the network.

    Raises
    ------
    ModelNotFound
        If it can be none of the four.
    """
    if reference == BUILTIN:
        return "builtin"
    if reference.startswith(("http://", "https://")):
        return "endpoint"
    if reference and Path(reference).expanduser().is_dir():
        return "folder"
    parts = reference.split("/")
    if len(parts) == 2 and all(parts) and not reference.startswith((".", "~")):
        return "repository"
    raise ModelNotFound(
        f"no model {reference!r}: give builtin, an existing folder, "
        "a repository as OWNER/NAME, or an http(s) URL."
    )


def open_backbone(
    reference: str = BUILTIN,
    *,
    quantization: Quantization = "none",
    api_key: str | None = None,
    on_progress: Callable[[str], None] | None = None,
    adapter: Path | None = None,
) -> Backbone:
    """Load the model that ``reference`` names. Nothing is downloaded here.

    ``URL#MODEL`` picks one of the models that an endpoint serves; ``api_key`` is sent to an
    endpoint only. ``adapter`` is the folder of one that was trained on this very model.

    Raises
    ------
    ModelError
        Saying why it cannot be loaded and what to do.
    BadSetting
        If an endpoint is to take an adapter: its server holds the weights.
    """
    kind = kind_of(reference)
    if kind == "builtin":
        return _open_builtin(quantization, adapter)
    if kind == "endpoint":
        if adapter is not None:
            raise BadSetting(
                f"{reference} is a served model, which takes no adapter from here. Export the "
                "adapter as a plain LoRA and give it to the server."
            )
        from slava.vlm.endpoint_backbone import EndpointBackbone

        url, _, model = reference.partition("#")
        return EndpointBackbone(url, model or None, api_key)
    from slava.vlm.transformers_backbone import TransformersBackbone

    loaded = TransformersBackbone.load(
        reference, quantization=quantization, on_progress=on_progress
    )
    if adapter is not None:
        try:
            loaded.set_adapter(adapter)
        except BaseException:
            loaded.close()
            raise
    return loaded


def _open_builtin(quantization: Quantization, adapter: Path | None) -> Backbone:
    from slava.vlm.builtin_backbone import BuiltinBackbone

    base = BuiltinBackbone.load(quantization=quantization)
    if adapter is None:
        return base
    from slava.vlm.adapted_builtin import AdaptedBuiltin

    return AdaptedBuiltin.load_adapter(base, adapter)
