"""Stands in for the process that makes a plain LoRA: ``python -m tests.training.lora_standin``.

SLAVA_STANDIN says how: ``agreement``, or ``wait`` for ever after the first step.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

HOW = json.loads(os.environ.get("SLAVA_STANDIN", "{}"))


def main() -> int:
    target = Path(sys.argv[2])
    print("a library says something")
    if "--run" not in sys.argv:
        print(json.dumps({"failed": "there are no pairs here."}))
        return 1
    print(json.dumps({"note": "distilling", "done": 1, "total": 200}), flush=True)
    while HOW.get("wait"):
        (target.parent / f".writing-{target.name}-1").mkdir(parents=True, exist_ok=True)
        print(json.dumps({"note": "distilling", "done": 2, "total": 200}), flush=True)
        time.sleep(0.02)
    told = {"how": "distilled", "agreement": HOW["agreement"], "tokens": 1200, "rank": 8}
    print(json.dumps(told))
    if HOW["agreement"] < 0.98 and "--anyway" not in sys.argv:
        return 4
    target.mkdir(parents=True)
    (target / "adapter_config.json").write_text('{"peft_type": "LORA"}')
    return 0


if __name__ == "__main__":
    sys.exit(main())
