"""Reading from many threads at once, as the ingest does."""

import subprocess
import sys

PROGRAM = """
import threading
from slava.imaging.readers.scientific import _reader

failed = []
def load(name):
    try:
        _reader(name)
    except Exception as error:
        failed.append(repr(error))
names = ("EMD", "TIA", "DigitalMicrograph", "Phenom") * 2
threads = [threading.Thread(target=load, args=(name,)) for name in names]
[t.start() for t in threads]
[t.join() for t in threads]
print(failed)
"""


def test_the_readers_of_the_extra_may_be_loaded_by_several_threads_at_once() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.strip() == "[]"
