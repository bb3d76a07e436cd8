"""The command line: starts, wires and supervises; the one place that imports every room."""
