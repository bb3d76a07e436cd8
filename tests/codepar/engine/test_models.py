import json

import pytest

from codepar.engine.models import find_model, list_models, require_model, sha256_of
from codepar.engine.pull import pull
from codepar.errors import EngineUnavailable, InvalidInput, NotFound
from codepar.settings import DEFAULT_MODEL, Settings


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=tmp_path / "data", hub_url="http://127.0.0.1:9")


def test_nothing_installed_names_the_remedy(settings):
    assert [state.status for state in list_models(settings.models_dir)] == ["not pulled"]
    with pytest.raises(EngineUnavailable, match="codepar models pull"):
        require_model(settings.models_dir, DEFAULT_MODEL)


def test_a_file_becomes_the_default_model_and_a_second_pull_is_instant(settings, tiny_gguf):
    path, _ = tiny_gguf()
    installed = pull(settings, DEFAULT_MODEL, [].append, file=path)
    assert installed.record.artefact == "tiny"
    assert installed.record.sha256 == sha256_of(path)
    said = []
    assert pull(settings, DEFAULT_MODEL, said.append) == installed
    assert "already installed" in said[0]
    assert find_model(settings.models_dir, "tiny") == installed


def test_types_the_engine_does_not_read_are_requantised_under_another_name(settings, tiny_gguf):
    path, _ = tiny_gguf("odd.gguf", "Q5_0")
    installed = pull(settings, "mine", [].append, file=path)
    assert installed.record.artefact == "odd-requantised"
    assert require_model(settings.models_dir, "mine").path.exists()
    assert list((settings.models_dir / "partial").glob("*.gguf")) == []


def test_a_cut_file_is_damaged_and_not_used(settings, tiny_gguf):
    path, _ = tiny_gguf()
    installed = pull(settings, DEFAULT_MODEL, [].append, file=path)
    installed.path.write_bytes(installed.path.read_bytes()[:-1])
    assert [state.status for state in list_models(settings.models_dir)] == ["damaged"]
    assert find_model(settings.models_dir, DEFAULT_MODEL) is None


@pytest.mark.parametrize("content", [b"", b"not a gguf", b"GGUF"])
def test_what_is_no_gguf_is_refused(settings, tmp_path, content):
    path = tmp_path / "x.gguf"
    path.write_bytes(content)
    with pytest.raises(InvalidInput):
        pull(settings, DEFAULT_MODEL, [].append, file=path)
    assert find_model(settings.models_dir, DEFAULT_MODEL) is None


def test_unknown_names_are_refused(settings, tmp_path):
    with pytest.raises(NotFound, match="no source is known"):
        pull(settings, "no-such-model", [].append)
    with pytest.raises(InvalidInput):
        pull(settings, "../escape", [].append)
    with pytest.raises(NotFound):
        pull(settings, DEFAULT_MODEL, [].append, file=tmp_path / "absent.gguf")


def test_a_foreign_json_file_is_no_record(settings):
    settings.models_dir.mkdir(parents=True)
    (settings.models_dir / "x.json").write_text(json.dumps({"name": 3}))
    assert [state.status for state in list_models(settings.models_dir)] == ["not pulled"]
