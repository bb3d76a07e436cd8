"""Whether a file uses another one, told by text, for languages that no grammar of codepar reads: JavaScript, Go, MATLAB, ...

Limits: an import that names the file, or a word that the other one defines at the start of a line; definitions of common names,
and names in comments, deceive it.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

_IMPORT = re.compile(r"^.*\b(?:import|require|include|use|using|source|from|load)\b.*$", re.MULTILINE)
_DEFINED = re.compile(
    r"^(?:export\s+|public\s+|pub\s+|async\s+|default\s+|internal\s+)*"
    r"(?:function\s+(?:[\w\[\], ]+=\s*)?|func\s+|fn\s+|fun\s+|def\s+|sub\s+|class\s+|struct\s+|type\s+|interface\s+"
    r"|trait\s+|module\s+)"
    r"([^\W\d]\w{2,})",
    re.MULTILINE,
)
_MAIN = frozenset({"main", "init", "setup", "run"})


def uses_file(text: str, other: str, name: str) -> bool:
    """Whether ``text`` imports the file ``name`` or uses a name that ``other``, its contents, defines."""
    stem = re.escape(PurePosixPath(name).stem)
    if any(re.search(rf"(?<!\w){stem}(?!\w)", line) for line in _IMPORT.findall(text)):
        return True
    defined = set(_DEFINED.findall(other)) - set(_DEFINED.findall(text)) - _MAIN
    return not defined.isdisjoint(re.findall(r"\w+", text))
