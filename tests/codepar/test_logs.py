"""Logs are JSON, one object a line, with the job's id."""

import json
import subprocess
import sys

CODE = """
import logging
from codepar.logs import configure_logs, job_context
configure_logs("info")
log = logging.getLogger("a.b")
log.debug("not said")
log.info("before\\n%s", "x")
with job_context("job-1"):
    log.warning("within")
    try:
        1 / 0
    except ZeroDivisionError:
        log.exception("broken")
log.info("named", extra={"job_id": "job-2"})
"""


def test_each_record_is_one_line_of_json_with_the_job_where_there_is_one():
    process = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    lines = [json.loads(line) for line in process.stderr.splitlines()]
    assert [(line["level"], line["message"], line.get("job_id")) for line in lines] == [
        ("info", "before\nx", None),
        ("warning", "within", "job-1"),
        ("error", "broken", "job-1"),
        ("info", "named", "job-2"),
    ]
    assert "ZeroDivisionError" in lines[2]["exception"]
    assert lines[0]["logger"] == "a.b"
