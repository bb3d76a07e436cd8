"""codepar: proposes the parallel code a program lacks, and compiles, runs and judges what it proposes."""

__version__ = "0.1.0"
