"""One process of a run over several, as torchrun starts it: `python -m finetune.train OPTIONS MODELS RESULT`.

``OPTIONS`` is a file of `TrainOptions` as JSON, ``MODELS`` the folder of installed models; the first process writes its
`TrainResult` to ``RESULT``. Limits: no options of its own; `codepar finetune train --processes N` starts these.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from codepar.errors import CodeparError
from codepar.lifetime import die_with_parent
from finetune.train.interrupt import stop_on_signal
from finetune.train.options import TrainOptions
from finetune.train.run import train


def main() -> int:
    """Train; the exit status is that of the error, or 0."""
    die_with_parent()
    given, models_dir, found = (Path(word) for word in sys.argv[1:4])
    is_first = os.environ.get("RANK", "0") == "0"
    try:
        with stop_on_signal(again=False) as stops:
            result = train(TrainOptions.model_validate_json(given.read_bytes()), models_dir, _say, stops)
    except CodeparError as error:
        if is_first:
            _say(f"Error: {error}")
        return error.exit_code
    if is_first:
        found.write_text(result.model_dump_json())
    return 0


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - progress, as the command's


if __name__ == "__main__":
    sys.exit(main())
