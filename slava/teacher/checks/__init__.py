"""Automatic checks before a person looks: every objection is a visible flag, none deletes.

known.py               what is known of a micrograph; the rules
registry.py            check_pair, check_pairs, check_evidence
wrong_number.py        contradicts a measured fact, the file or the calibration
uncalibrated_unit.py   a physical length without a calibration
invented_element.py    elements or composition without composition data
label_leak.py          the question gives away category or answer; file names
company.py             duplicates; the same answer for other micrographs
style.py               banned abbreviations, length
numbers.py, units.py, quantities.py, subjects.py, elements.py, text.py, alike.py   what they read
"""

from slava.teacher.checks.known import Embed, Known, KnownOf, Rules, known_of, rules_of
from slava.teacher.checks.registry import (
    CHECKS,
    RULES,
    check_evidence,
    check_pair,
    check_pairs,
    risk,
)

__all__ = [
    "CHECKS",
    "RULES",
    "Embed",
    "Known",
    "KnownOf",
    "Rules",
    "check_evidence",
    "check_pair",
    "check_pairs",
    "known_of",
    "risk",
    "rules_of",
]
