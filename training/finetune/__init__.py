"""The child of the training seam: fine-tunes an adapter on the pairs of a snapshot.

    config.py       TrainConfig and its presets (pure)
    examples.py     pairs of a snapshot as examples, and what a step draws of them (pure)
    batches.py      which examples a step takes: a function of seed and step (pure)
    schedule.py     learning rate and early stopping (pure)
    pictures.py     micrographs as a backbone is shown them
    learner.py      what the loop asks of a backbone that learns
    builtin.py      the built-in sLAVA as a learner; chat.py any Hugging Face backbone
    taught.py       what the built-in writes down beside its adapter
    loop.py         the steps; state.py what a checkpoint holds
    evaluate.py     base against adapter on the test part; card.py the model card
    run.py          the run from its folder: events, wishes, retries, results

Importing this package, ``config``, ``examples``, ``batches`` or ``schedule`` imports no torch.
"""
