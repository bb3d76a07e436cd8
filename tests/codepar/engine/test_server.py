import os
import subprocess
import sys


def test_without_a_model_it_ends_with_3_and_the_remedy(tmp_path):
    environment = {**os.environ, "CODEPAR_DATA_DIR": str(tmp_path), "CODEPAR_RUNTIME_DIR": str(tmp_path / "run")}
    command = [sys.executable, "-m", "codepar.engine.server"]
    finished = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert finished.returncode == 3
    assert "codepar models pull" in finished.stderr
    assert not (tmp_path / "run" / "engine.sock").exists()


def test_importing_the_engine_loads_no_heavy_library():
    code = (
        "import sys, codepar.engine.factory, codepar.engine.openvino, codepar.engine.transformers, codepar.engine.pull;"
        "print([name for name in ('torch', 'numpy', 'openvino', 'gguf', 'transformers') if name in sys.modules])"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert finished.stdout.strip() == "[]"
