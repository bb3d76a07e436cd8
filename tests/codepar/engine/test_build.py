import json
import struct

import numpy
import pytest

from codepar.engine.build import build_model
from codepar.engine.gguf_file import load_gguf, open_gguf
from codepar.engine.pull import pull
from codepar.errors import InvalidInput, NotFound, Unsupported
from codepar.settings import Settings

MODULE = "base_model.model.model.layers.0.self_attn.q_proj"


def write_adapter(folder, arrays, **config):
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": 4, "lora_alpha": 8, **config}))
    header, data = {}, b""
    for name, array in arrays.items():
        # bfloat16, as training saves it: the upper half of float32.
        raw = (array.astype("<f4").view("<u4") >> 16).astype("<u2").tobytes()
        header[name] = {"dtype": "BF16", "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    (folder / "adapter_model.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.fixture
def pair():
    random = numpy.random.default_rng(1)
    return {
        f"{MODULE}.lora_A.weight": random.normal(size=(4, 32)).astype(numpy.float32),
        f"{MODULE}.lora_B.weight": random.normal(size=(64, 4)).astype(numpy.float32),
    }


@pytest.fixture
def base(tmp_path, tiny_gguf):
    settings = Settings(data_dir=tmp_path / "data")
    path, query = tiny_gguf()
    pull(settings, "base", [].append, file=path)
    return settings, query


@pytest.mark.parametrize(("options", "scale"), [({}, 2.0), ({"use_rslora": True}, 4.0), ({"alpha_pattern": {"q_proj": 2}}, 0.5)])
def test_the_merged_weight_is_w_plus_scaled_b_a(base, pair, tmp_path, options, scale):
    settings, query = base
    write_adapter(tmp_path / "adapters" / "mine", pair, **options)
    model = build_model(settings, "mine", tmp_path / "adapters", "base", [].append)
    merged = {tensor.name: tensor for tensor in open_gguf(model.path).tensors}
    weight = merged["blk.0.attn_q.weight"]
    assert weight.tensor_type.name == "Q8_0"
    a, b = pair.values()
    wanted = query + scale * b @ a
    actual = load_gguf().quants.dequantize(weight.data, weight.tensor_type)
    # Q8_0 keeps 1/127 of a block's largest value; bfloat16 1/256 of each factor.
    assert numpy.abs(actual - wanted).max() < 0.03 * numpy.abs(wanted).max()
    assert numpy.abs(actual - query).max() > 0.5
    assert merged["blk.0.attn_norm.weight"].tensor_type.name == "F32"
    assert model.record.name == "mine"


def test_adapters_that_do_not_fit_are_refused(base, pair, tmp_path):
    settings, _ = base
    folder = tmp_path / "adapters"
    with pytest.raises(NotFound):
        build_model(settings, "absent", folder, "base", [].append)
    write_adapter(folder / "dora", pair, use_dora=True)
    with pytest.raises(Unsupported, match="use_dora"):
        build_model(settings, "dora", folder, "base", [].append)
    write_adapter(folder / "narrow", {name: array[:, :3] for name, array in pair.items()})
    with pytest.raises(InvalidInput):
        build_model(settings, "narrow", folder, "base", [].append)
    write_adapter(folder / "half", dict(list(pair.items())[:1]))
    with pytest.raises(InvalidInput, match="half"):
        build_model(settings, "half", folder, "base", [].append)
