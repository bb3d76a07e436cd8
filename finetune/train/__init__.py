"""Supervised fine-tuning of causal language models: LoRA or full, loss on the answers only, packed, resumable.

`codepar finetune train` is the way in (`run.train`); `tasks.py` says what can be learned. Limits: one row of packed samples a
forward pass; data parallelism alone across processes, so model and optimiser must fit one device.
"""
