"""ParEval's problems answered, built with its drivers, run and judged. Limits: those of ``benchmarks.pareval``."""
