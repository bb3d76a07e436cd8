"""CUDA on a GPU of this machine: finding the device, building for it, running behind walls, compute-sanitizer."""
