"""Where a program starts and ends MPI and asks for rank and size: learned from how people write it. Limits: C and C++."""
