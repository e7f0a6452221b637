"""Make PEFT know DyA-MoQPE.

PEFT's enumeration of methods is closed, and a method must be a member before it can be registered.
Adding one is the only place where we reach into another package.
"""

from __future__ import annotations

import threading
from typing import Any, cast

from peft.utils.peft_types import PeftType, register_peft_method

NAME = "dya_moqpe"
PREFIX = "dya_moqpe_"
"""What the names of all our weights begin with."""

_registering = threading.Lock()


def peft_type() -> PeftType:
    """Our member of PEFT's enumeration, added when it is not there yet."""
    name = NAME.upper()
    if name in PeftType.__members__:
        return PeftType[name]
    kind: Any = PeftType
    member: Any = str.__new__(PeftType, name)
    member._name_, member._value_, member._sort_order_ = name, name, len(kind._member_names_)
    member.__objclass__ = PeftType
    type.__setattr__(PeftType, name, member)
    kind._member_map_[name] = member
    kind._member_names_.append(name)
    kind._value2member_map_[name] = member
    if hasattr(kind, "_hashable_values_"):  # Python 3.12 looks values up here as well
        kind._hashable_values_.append(name)
    return cast(PeftType, member)


def register() -> None:
    """Register the tuner. Calling it again changes nothing."""
    from peft.mapping import PEFT_TYPE_TO_TUNER_MAPPING

    from slava.adapters.config import DyaMoqpeConfig
    from slava.adapters.model import DyaMoqpeModel

    with _registering:
        if peft_type() not in PEFT_TYPE_TO_TUNER_MAPPING:
            register_peft_method(
                name=NAME, config_cls=DyaMoqpeConfig, model_cls=DyaMoqpeModel, prefix=PREFIX
            )
