"""One C or C++ file with the headers that it includes by quotes, from the folders beside it: as one text, or as a project.

Limits: no search paths; what is not found beside the including file stays an include.
"""

from __future__ import annotations

from pathlib import Path

from codepar.cli.common import read_text
from codepar.cuda.inline_headers import included_paths, inline_headers
from codepar.project import Project


def read_with_headers(name: str) -> str:
    """The text with its headers in; that of standard input as it is. Raises what ``read_text`` raises."""
    files = {name: read_text(name)}
    pending = [name] if name != "-" else []
    while pending:
        path = pending.pop()
        for header in included_paths(path, files[path]):
            if header not in files and Path(header).is_file():
                files[header] = read_text(header)
                pending.append(header)
    return inline_headers(name, files).text


def with_headers(project: Project, name: str) -> Project:
    """A project of one file with the headers that lie in its folder or below it; other projects as they are."""
    if name == "-" or not Path(name).is_file():
        return project
    files, pending = dict(project.files), list(project.files)
    while pending:
        path = pending.pop()
        for header in included_paths(path, files[path]):
            place = Path(name).parent / header
            if header not in files and not header.startswith("..") and place.is_file():
                files[header] = read_text(str(place))
                pending.append(header)
    return Project.model_validate({**project.model_dump(), "files": files})
