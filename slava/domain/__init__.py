"""The nouns of sLAVA as frozen records. One noun, one meaning; units stand in the names."""

from slava.domain.classify import (
    Classification,
    Demonstration,
    EncoderKey,
    Metric,
    Neighbour,
    Ranked,
    Strategy,
)
from slava.domain.conversation import Conversation, ConversationId, Turn, TurnId, TurnStatus
from slava.domain.fact import (
    DefectCandidate,
    Fact,
    MeasuredObject,
    Measurement,
    MeasureSettings,
    Sizes,
)
from slava.domain.micrograph import (
    Box,
    Calibration,
    CalibrationSource,
    Databar,
    Instrument,
    Micrograph,
    MicrographId,
    ScaleBar,
)

__all__ = [
    "Box",
    "Calibration",
    "CalibrationSource",
    "Classification",
    "Conversation",
    "ConversationId",
    "Databar",
    "DefectCandidate",
    "Demonstration",
    "EncoderKey",
    "Fact",
    "Instrument",
    "MeasureSettings",
    "MeasuredObject",
    "Measurement",
    "Metric",
    "Micrograph",
    "MicrographId",
    "Neighbour",
    "Ranked",
    "ScaleBar",
    "Sizes",
    "Strategy",
    "Turn",
    "TurnId",
    "TurnStatus",
]
