"""One service a data folder."""

import os
import subprocess
import sys

import pytest

from codepar.errors import EnvironmentFault
from codepar.store import FolderLock


def test_a_second_service_is_refused_and_told_which_process_is_there(tmp_path):
    with FolderLock(tmp_path), pytest.raises(EnvironmentFault, match=str(os.getpid())):
        FolderLock(tmp_path).acquire()
    FolderLock(tmp_path).acquire()


def test_the_lock_of_a_killed_service_is_free(tmp_path):
    code = "import sys, time; from pathlib import Path; from codepar.store import FolderLock\n"
    code += "FolderLock(Path(sys.argv[1])).acquire() or print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(EnvironmentFault, match=str(holder.pid)):
            FolderLock(tmp_path).acquire()
        holder.kill()
    with FolderLock(tmp_path):
        pass


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(EnvironmentFault, match=r"service\.lock"):
        FolderLock(tmp_path / "file").acquire()
