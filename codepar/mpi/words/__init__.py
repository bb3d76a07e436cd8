"""A second opinion on which calls are missing where: a small network of the words, shapes and variables around a place."""
