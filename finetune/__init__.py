"""Corpora and training: what the language models of codepar learn from, and how."""
