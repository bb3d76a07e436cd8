"""Trains what reads requests of several tasks: the network of ``codepar.prompts.tag_network`` and the choice among readings."""
