"""CUDA without a GPU: a runtime in C++17 (``include``, ``runtime``), a rewriter of sources, and the toolchain that joins them."""
