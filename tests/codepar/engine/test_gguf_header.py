"""The fast header against the library's own reader and writer."""

from __future__ import annotations

import gguf
import numpy
import pytest

from codepar.engine.gguf_header import read_header
from codepar.errors import InvalidInput


@pytest.fixture(params=[32, 64])
def written(request, tmp_path):
    path = tmp_path / "small.gguf"
    writer = gguf.GGUFWriter(path, "qwen2")
    if request.param != 32:
        writer.add_custom_alignment(request.param)
    writer.add_context_length(512)
    writer.add_array("tokenizer.ggml.tokens", ["a", "Ġb", "ü", ""])
    writer.add_array("tokenizer.ggml.token_type", [1, 1, 3, 5])
    writer.add_array("other.names", ["x", "y"])
    generator = numpy.random.default_rng(3)
    writer.add_tensor("one", generator.standard_normal((3, 5), dtype=numpy.float32))
    quantised = gguf.quants.quantize(generator.standard_normal((2, 64), dtype=numpy.float32), gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("two", quantised, raw_dtype=gguf.GGMLQuantizationType.Q8_0)
    writer.add_tensor("three", generator.standard_normal(7, dtype=numpy.float32).astype(numpy.float16))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def test_metadata_and_the_strings_that_were_asked_for(written):
    header = read_header(written, ["tokenizer.ggml.tokens"])
    assert (header.architecture, header.context_tokens) == ("qwen2", 512)
    assert header.metadata["tokenizer.ggml.tokens"] == ("a", "Ġb", "ü", "")
    assert header.metadata["other.names"] is None
    assert header.control_token_ids() == {2}
    assert header.unused_token_ids() == {3}


def test_the_tensors_lie_where_the_library_finds_them(written):
    data = numpy.memmap(written, dtype=numpy.uint8, mode="r")
    expected = gguf.GGUFReader(written).tensors
    places = read_header(written).tensors
    assert [(place.name, place.kind) for place in places] == [(tensor.name, tensor.tensor_type) for tensor in expected]
    for place, tensor in zip(places, expected, strict=True):
        assert place.shape == tuple(int(size) for size in reversed(tensor.shape))
        raw = tensor.data.tobytes()
        assert data[place.offset : place.offset + len(raw)].tobytes() == raw


@pytest.mark.parametrize("length", [3, 30, 100])
def test_half_a_file_is_refused(written, length):
    written.write_bytes(written.read_bytes()[:length])
    with pytest.raises(InvalidInput, match="GGUF"):
        read_header(written)
