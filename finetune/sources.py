"""The repositories a corpus is made of: the committed list, and each one's files at its pinned commit, read from git.

Nothing is checked out: blobs come from the object store, so a bare or partial clone does. Limits: git must be installed; a
repository that is not in the mirror folder is cloned only where a URL template is given.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from codepar.errors import InvalidInput, ToolMissing

_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Source:
    """One line of the list: ``owner/name`` and the commit that the corpus is made from (40 hex digits)."""

    repository: str
    commit: str

    @property
    def key(self) -> str:
        """A file name of its own."""
        return f"{self.repository.replace('/', '+')}@{self.commit[:12]}"


@dataclass(frozen=True)
class SourceFile:
    """A file of a repository: its path there and its bytes."""

    path: str
    content: bytes


def read_sources(path: Path) -> list[Source]:
    """The list: tab-separated ``repository`` and ``commit``, ``#`` starts a comment. Raises ``InvalidInput`` with the line."""
    sources: list[Source] = []
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        text = line.split("#", 1)[0].rstrip()
        if not text or text.startswith("repository\t"):
            continue
        fields = text.split("\t")
        if len(fields) != 2 or not _NAME.fullmatch(fields[0]) or not _COMMIT.fullmatch(fields[1]):
            raise InvalidInput(f"{path}, line {number}: expected owner/name, a tab and a commit of 40 hex digits")
        sources.append(Source(*fields))
    if len({source.repository.lower() for source in sources}) != len(sources):
        raise InvalidInput(f"{path} names a repository twice", remedy="keep one commit a repository")
    return sources


class GitRepository:
    """Reads trees and blobs of one git folder (bare or not)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def head(self) -> str:
        """The newest commit. Raises ``InvalidInput``."""
        return self._git("rev-parse", "HEAD").decode().strip()

    def has(self, commit: str) -> bool:
        """Whether the commit is in the object store."""
        return _run(self._folder, "cat-file", "-e", f"{commit}^{{commit}}").returncode == 0

    def names(self, commit: str) -> list[str]:
        """The paths of all files of a commit."""
        listed = self._git("ls-tree", "-r", "-z", "--name-only", commit)
        return [name.decode(errors="surrogateescape") for name in listed.split(b"\0") if name]

    def files(self, commit: str, names: Sequence[str]) -> Iterator[SourceFile]:
        """The named files. One that the store lacks (a partial clone) is left out."""
        wanted = [name for name in names if "\n" not in name]
        request = "".join(f"{commit}:{name}\n" for name in wanted).encode(errors="surrogateescape")
        answer = _run(self._folder, "cat-file", "--batch", stdin=request).stdout
        place = 0
        for name in wanted:
            end = answer.index(b"\n", place)
            header = answer[place:end].split()
            place = end + 1
            if header[-1] in {b"missing", b"ambiguous"}:
                continue
            size = int(header[-1])
            if header[-2] == b"blob":
                yield SourceFile(name, answer[place : place + size])
            place += size + 1

    def _git(self, *arguments: str) -> bytes:
        done = _run(self._folder, *arguments)
        if done.returncode != 0:
            raise InvalidInput(f"{self._folder}: git {arguments[0]}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout


def open_repository(source: Source, mirrors: Path, clone_url: str | None = None) -> GitRepository:
    """The repository in the folder of mirrors (``owner+name``, ``owner+name/repo`` or ``owner/name``), cloned there where a
    template such as ``https://host/{repository}.git`` is given. Raises ``InvalidInput`` when it is not to be had.
    """
    folder = _find(source, mirrors)
    if folder is None and clone_url is not None:
        folder = mirrors / source.repository.replace("/", "+")
        url = clone_url.replace("{repository}", source.repository)
        done = _run(mirrors, "clone", "--quiet", "--bare", url, str(folder))
        if done.returncode != 0:
            raise InvalidInput(f"{source.repository} cannot be cloned: {done.stderr.decode(errors='replace').strip()}")
    if folder is None:
        raise InvalidInput(
            f"{source.repository} is not in {mirrors}",
            remedy="clone it there, or give --clone-url with {repository} where its name goes",
        )
    repository = GitRepository(folder)
    if not repository.has(source.commit):
        raise InvalidInput(f"{source.repository} holds no commit {source.commit}", remedy="fetch it, or pin another commit")
    return repository


def _find(source: Source, mirrors: Path) -> Path | None:
    owner, name = source.repository.split("/")
    places = (mirrors / f"{owner}+{name}", mirrors / f"{owner}+{name}" / "repo", mirrors / owner / name)
    for place in (*places, *(place / ".git" for place in places)):
        if (place / "HEAD").is_file() and (place / "objects").is_dir():
            return place
    return None


def _run(folder: Path, *arguments: str, stdin: bytes | None = None) -> subprocess.CompletedProcess[bytes]:
    try:
        # A repository may carry hooks, filters and settings: none of them is ours to run.
        command = ["git", "-c", "safe.directory=*", "-c", "core.hooksPath=/dev/null", "-C", str(folder), *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise ToolMissing("git is not installed", remedy="apt-get install git") from error
