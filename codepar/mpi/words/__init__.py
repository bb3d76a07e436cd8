"""A second opinion on which calls are missing where: a linear model of the words, shapes and variables around a place."""
