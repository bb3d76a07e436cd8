import pytest

from codepar.errors import Conflict, InvalidInput


def test_a_checkpoint_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    import torch

    from finetune.train.checkpoint import Position, forget, read_checkpoint, write_checkpoint

    position = Position(step=3, packs=6, tokens=700, train_s=1.5)
    write_checkpoint(tmp_path, "run", position, {"masters": [torch.ones(2)]})

    def breaks(_content, file):
        file.write(b"half of it")
        raise OSError("no space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(torch, "save", breaks)
        with pytest.raises(OSError, match="no space"):
            write_checkpoint(tmp_path, "run", Position(step=4), {})
    kept = read_checkpoint(tmp_path, "run", "cpu")
    assert kept.position == position
    assert torch.equal(kept.state["masters"][0], torch.ones(2))
    with pytest.raises(Conflict):
        read_checkpoint(tmp_path, "another run", "cpu")
    forget(tmp_path)
    assert read_checkpoint(tmp_path, "run", "cpu") is None


def test_a_damaged_checkpoint_is_named(tmp_path):
    from finetune.train.checkpoint import FILE, read_checkpoint

    (tmp_path / FILE).write_bytes(b"not a checkpoint")
    with pytest.raises(InvalidInput, match=FILE):
        read_checkpoint(tmp_path, "run", "cpu")
