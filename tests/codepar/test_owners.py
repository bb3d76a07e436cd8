"""A neighbour can see that an owner is dead, and never takes a living or a foreign one for dead."""

import os
import subprocess
import sys

from codepar.owners import is_dead, new_owner


def test_names_are_never_used_twice_and_fit_the_store():
    names = {new_owner() for _ in range(100)}
    assert len(names) == 100
    assert max(map(len, names)) <= 200


def test_a_living_process_is_not_dead():
    assert not is_dead(new_owner())


def test_an_ended_process_is_dead_even_before_it_is_reaped():
    code = "from codepar.owners import new_owner; print(new_owner(), flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        owner = child.stdout.readline().strip()
        assert not is_dead(owner)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        assert is_dead(owner)
    assert is_dead(owner)


def test_a_process_number_used_again_is_somebody_else():
    place, pid, started, unique = new_owner().rsplit("/", 3)
    assert is_dead(f"{place}/{pid}/{int(started) - 1}/{unique}")


def test_nothing_is_said_about_other_machines():
    _, _, rest = new_owner().partition("/")
    assert not is_dead(f"elsewhere:boot:4026531836/999999999/1/{rest}")
