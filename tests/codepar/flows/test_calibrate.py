from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codepar.engine.factory import open_generator
from codepar.engine.models import find_model
from codepar.errors import EngineUnavailable, Unsupported
from codepar.flows.calibrate import (
    Calibration,
    CalibrationPoint,
    all_calibrations,
    calibrate,
    calibration_path,
    fitted,
    load_calibration,
    load_cost,
)
from codepar.prompts.cost import ASSUMED_COST, CostModel, Work, plan_s
from codepar.prompts.extract import extract
from codepar.prompts.plan import plan_of
from codepar.prompts.schedule import ScheduleOptions, carry_out
from codepar.protocols import Capabilities, Generation, Sampling, SilentProgress
from codepar.settings import Settings


class Lawful:
    """Counts its tokens as asked, at no cost of time; ``tokens`` 0 is a server that does not count."""

    def __init__(self, tokens: int | None = None) -> None:
        self.tokens = tokens
        self.most = self.running = 0

    async def capabilities(self) -> Capabilities:
        return Capabilities(model="lawful", backend="test", context_tokens=4096, chat=True)

    async def complete(self, prompt, sampling: Sampling) -> Generation:
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0.001)
        self.running -= 1
        said = prompt.messages[0].content
        tokens = sampling.max_tokens if self.tokens is None else self.tokens
        return Generation(text="1\n", finish_reason="length", prompt_tokens=len(said) // 4, completion_tokens=tokens)


@st.composite
def laws(draw):
    token_s = draw(st.floats(0.001, 0.1))
    batch = [(1, token_s)]
    for size in (2, 4, 8):
        batch.append((size, batch[-1][1] * draw(st.floats(1, 2))))
    return CostModel(
        a_s=draw(st.floats(0.0, 1)), b_s_per_token=token_s, batch=tuple(batch), prefill_s_per_token=draw(st.floats(0, 0.01))
    )


def measured(law: CostModel, answers: int, prompt: int, tokens: int) -> list[CalibrationPoint]:
    seconds = plan_s(law, [[Work(prompt, tokens)] * answers], 0, answers) - 0.01
    return [CalibrationPoint(answers=answers, prompt_tokens=prompt, tokens=tokens, seconds=seconds)] * answers


@given(law=laws())
def test_an_engine_that_keeps_the_law_is_fitted_exactly(law):
    points = [point for tokens, prompt in ((8, 40), (64, 40), (1, 900)) for point in measured(law, 1, prompt, tokens)]
    points += [point for size in (2, 4, 8) for point in measured(law, size, 40, 48)]
    found = fitted(points)
    assert found.a_s == pytest.approx(law.a_s, abs=1e-6)
    assert found.b_s_per_token == pytest.approx(law.b_s_per_token)
    assert found.prefill_s_per_token == pytest.approx(law.prefill_s_per_token, abs=1e-9)
    assert [seconds for _, seconds in found.batch] == pytest.approx([seconds for _, seconds in law.batch])


def test_noise_gives_no_negative_seconds():
    points = [
        CalibrationPoint(answers=1, prompt_tokens=prompt, tokens=tokens, seconds=seconds)
        for prompt, tokens, seconds in ((40, 8, 3.0), (40, 64, 1.0), (900, 1, 0.1))
    ]
    points += [CalibrationPoint(answers=4, prompt_tokens=40, tokens=48, seconds=0.01)] * 4
    found = fitted(points)
    assert found.b_s_per_token > 0
    assert found.prefill_s_per_token == 0
    assert found.batch[0][1] <= found.batch[1][1]


def test_what_was_measured_is_kept_by_model_backend_and_address(flow_settings):
    engine = Lawful()
    found = asyncio.run(calibrate(engine, flow_settings, SilentProgress()))
    assert engine.most == 16
    assert [size for size, _ in found.cost.batch] == [1, 2, 4, 8, 16]
    capabilities = asyncio.run(engine.capabilities())
    assert load_calibration(flow_settings, capabilities) == found
    assert load_cost(flow_settings, capabilities) == found.cost
    assert all_calibrations(flow_settings) == (found,)
    assert load_cost(flow_settings, capabilities.model_copy(update={"model": "other"})) is None
    elsewhere = flow_settings.model_copy(update={"engine_url": "http://10.0.0.1:8000/v1"})
    assert load_cost(elsewhere, capabilities) is None
    ours = flow_settings.model_copy(update={"engine_url": "unix:///run/engine.sock"})
    assert load_cost(ours, capabilities) == found.cost


def test_larger_batches_end_with_the_budget(flow_settings):
    found = asyncio.run(calibrate(Lawful(), flow_settings, SilentProgress(), budget_s=0.001))
    assert [size for size, _ in found.cost.batch] == [1, 2]
    assert "not measured" in found.notes[0]


def test_a_server_that_counts_no_tokens_is_refused(flow_settings):
    with pytest.raises(Unsupported, match="does not count"):
        asyncio.run(calibrate(Lawful(tokens=0), flow_settings, SilentProgress()))
    assert all_calibrations(flow_settings) == ()


def test_a_file_that_cannot_be_read_is_as_none(flow_settings):
    capabilities = asyncio.run(Lawful().capabilities())
    path = calibration_path(flow_settings, capabilities)
    path.parent.mkdir(parents=True)
    path.write_text('{"model": "lawful"')
    assert load_cost(flow_settings, capabilities) is None
    assert all_calibrations(flow_settings) == ()


def test_doctor_and_the_command_name_it(tmp_path):
    environment = {**os.environ, "CODEPAR_DATA_DIR": str(tmp_path), "CODEPAR_ENGINE_URL": "http://127.0.0.1:9/v1"}
    command = Path(sys.executable).with_name("codepar")
    run = subprocess.run([command, "calibrate"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == EngineUnavailable.exit_code
    assert "cannot be reached" in run.stderr
    settings = Settings(data_dir=tmp_path, engine_url="http://127.0.0.1:9/v1")
    kept = Calibration(
        model="m", backend="openai", where="http://127.0.0.1:9/v1", measured_at=datetime.now(UTC), seconds=1, error=0,
        points=(), cost=ASSUMED_COST,
    )  # fmt: skip
    path = calibration_path(settings, Capabilities(model="m", backend="openai", context_tokens=1))
    path.parent.mkdir()
    path.write_text(kept.model_dump_json())
    run = subprocess.run([command, "doctor", "--json"], env=environment, capture_output=True, text=True, timeout=120, check=False)
    line = next(check for check in json.loads(run.stdout)["checks"] if check["name"] == "cost model")
    assert (line["state"], line["needed"]) == ("ok", False)
    assert "45 tokens/s alone, 286 with 8 at once" in line["detail"]


@pytest.mark.model
def test_the_embedded_engine_carries_a_plan_out_and_serves_the_shared_beginning_from_its_cache():
    settings = Settings()
    if find_model(settings.models_dir, settings.model) is None:
        message = "the default model is not installed: codepar models pull"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    body = "".join(f"static const double table_{n}[4] = {{{n}.0, {n}.5, {n}.25, {n}.75}};\n" for n in range(12))
    functions = "".join(f"double {name}(double x) {{ return table_{n}[0] * x; }}\n" for n, name in enumerate(("ax", "by", "cz")))
    prompt = f"Say in one sentence what each of these functions does: ax, by, cz.\n```c\n{body}{functions}```"

    async def ask():
        generator = await open_generator(settings.model_copy(update={"engine_url": None}))
        try:
            plan = plan_of(extract(prompt, {}), prompt, {})
            options = ScheduleOptions(sampling=Sampling(max_tokens=16), accept_cut=True, item_budget_s=None, warm_s=120)
            return await carry_out(plan, generator, options)
        finally:
            await generator.close()

    carried = asyncio.run(ask())
    assert carried.ok, carried
    assert [one.id for one in carried.answers] == ["1", "2", "3"]
    first, *others = sorted(carried.answers, key=lambda one: one.cached_tokens)
    # The one that went ahead computed it; what the others share with it was there, but for the block in which they part.
    assert all(one.cached_tokens >= 0.8 * first.prompt_tokens for one in others), carried
