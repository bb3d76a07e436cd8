"""The walls: run a command on files under limits."""
