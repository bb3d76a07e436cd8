from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from codepar.project import MAX_FILE_BYTES, Project, checked_path


@pytest.mark.parametrize("path", ["../a.c", "/etc/passwd", "a/../b.c", "", ".", "a//b.c", "a\\b.c", "a\0b", "x" * 300, "./a.c"])
def test_names_that_leave_the_project_are_refused(path):
    with pytest.raises(ValidationError):
        Project(files={path: ""})


@given(st.lists(st.from_regex(r"[a-zA-Z0-9_]{1,8}", fullmatch=True), min_size=1, max_size=5))
def test_plain_relative_names_are_kept(parts):
    assert checked_path("/".join(parts)) == "/".join(parts)


def test_source_is_a_project_of_one_file():
    assert Project.model_validate({"source": "int main(){}"}).files == {"main.c": "int main(){}"}


def test_source_and_files_together_are_refused():
    with pytest.raises(ValidationError, match="not both"):
        Project.model_validate({"source": "", "files": {"a.c": ""}})


def test_a_file_over_the_bound_is_refused():
    with pytest.raises(ValidationError, match="more than the"):
        Project.of_source(" " * (MAX_FILE_BYTES + 1))


def test_unknown_fields_are_refused():
    with pytest.raises(ValidationError, match="Extra inputs"):
        Project.model_validate({"source": "", "sauce": 1})
