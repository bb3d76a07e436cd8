"""One adapter a file: the published form of a benchmark in, tasks out. Limits: adapters hold no data of their own."""
