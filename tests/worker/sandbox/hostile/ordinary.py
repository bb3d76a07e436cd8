"""The executor of an ordinary user, for a test that is root: an Execution a line in, an ExecutionResult a line out."""

import asyncio
import sys
from pathlib import Path

from codepar.errors import CodeparError
from codepar.protocols import Execution, ExecutionResult, Status
from codepar.settings import Settings
from worker.executor import open_executor

executor = open_executor(Settings(data_dir=Path(sys.argv[1])), trusted=False)
for line in sys.stdin:
    try:
        result = asyncio.run(executor.execute(Execution.model_validate_json(line)))
    except CodeparError as error:
        result = ExecutionResult(status=Status.INFRA_ERROR, stderr=f"{error} {error.remedy}")
    sys.stdout.write(result.model_dump_json() + "\n")
    sys.stdout.flush()
