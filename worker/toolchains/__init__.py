"""What turns a typed Execution into commands: compilers and launchers."""
