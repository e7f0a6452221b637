"""Training runs, and the recipes of what sLAVA ships.

The parent side launches a run and reads its events, without torch; the child side trains. Both
speak through the run's folder alone (:mod:`slava.handoff.run_folder`), so that a run outlives the
window, the app and a power cut.

    python -m training RUN_DIR

- ``RUN_DIR/config.json`` says what is trained (:class:`training.finetune.config.TrainConfig`);
- ``RUN_DIR/snapshot/`` is what it learns from, verified before anything else; micrographs are read
  from the workspace that the run lies in (``RUN_DIR/../..``), or from ``workspace`` of the config;
- ``RUN_DIR/events.jsonl`` is where it tells what happens. After a resumption the steps since the
  last checkpoint are told again: of two events of one step the later counts;
- ``RUN_DIR/stop`` ends it between two micro-batches: ``stop`` keeps the weights, ``cancel`` leaves
  neither checkpoint nor adapter. SIGTERM and Ctrl+C write a checkpoint and leave the run
  ``interrupted``: the same command goes on with it, bit for bit on a CPU;
- ``RUN_DIR/adapter/`` is what comes out: a PEFT adapter with its metrics, its model card and, for
  the built-in model, what it was taught.

The exit code is 0 for done, stopped and cancelled, 1 for failed, 2 for a bad config, 3 for
interrupted.

    finetune/   the child: config, examples, learners, the loop, checkpoints, evaluation, card
    encoder/    a lab's own micrograph encoder
    builtin/    the built-in model from nothing
    outline/    the networks that outline particles and fibres
"""
