"""The free local drafter: it needs no endpoint, no key and no network.

told.py         what may be said: facts by name, category, nouns, the choice of a wording
statements.py   facts into sentences, topic by topic
aspects.py      which topics answer which aspect; the questions in other words
voice.py        what the local model sees, as sentences that may stand in a draft
drafter.py      pairs about one micrograph
comparison.py   pairs about two
"""

from slava.teacher.local.comparison import compare_locally
from slava.teacher.local.drafter import TEACHER, draft_locally, prompt_version

__all__ = ["TEACHER", "compare_locally", "draft_locally", "prompt_version"]
