"""``codepar calibrate``: measure the connected engine's speed alone and side by side, for the cost model of ``codepar split``.

Limits: what else runs on the machine meanwhile is measured, too; the default model is loaded in this process.
"""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from codepar.cli.common import JsonOption, print_json, say
from codepar.flows.calibrate import DEFAULT_BUDGET_S, Calibration, calibrate
from codepar.protocols import SilentProgress
from codepar.settings import Settings


def register(app: typer.Typer) -> None:
    """Add `calibrate` to the command."""
    app.command("calibrate")(calibrate_command)


def calibrate_command(
    *,
    budget: Annotated[
        float, typer.Option(min=1, max=3600, help="Seconds after which no larger batch is begun.")
    ] = DEFAULT_BUDGET_S,
    as_json: JsonOption = False,
) -> None:
    """Measure what tokens cost with the connected engine, alone and side by side, and keep it."""
    settings = Settings()
    found = asyncio.run(_calibrate(settings, budget))
    if as_json:
        print_json(found)
    else:
        _show(found)


async def _calibrate(settings: Settings, budget_s: float) -> Calibration:
    # Here, because it imports the weights' libraries.
    from codepar.engine.factory import open_generator

    generator = await open_generator(settings)
    try:
        return await calibrate(generator, settings, _Spoken(), budget_s=budget_s)
    finally:
        await generator.close()


class _Spoken(SilentProgress):
    async def report(self, type: str, data: dict[str, Any]) -> None:
        beside = f"{data['answers']} answers side by side" if data["answers"] > 1 else "one answer"
        say(f"codepar: {beside} of {data['tokens']} tokens")


def _show(found: Calibration) -> None:
    cost = found.cost
    typer.echo(
        f"{found.model} ({found.backend}{f' at {found.where}' if found.where else ''}), {found.seconds:.0f} s of measuring"
    )
    typer.echo(f"  a request          {cost.a_s * 1e3:7.0f} ms and {cost.prefill_s_per_token * 1e3:.2f} ms a token of its prompt")
    for size, seconds in cost.batch:
        name = "a token, alone" if size == 1 else f"a token, {size} at once"
        typer.echo(f"  {name:18s} {seconds * 1e3:7.1f} ms ({size / seconds:.0f} tokens a second)")
    typer.echo(f"  a mix it was not fitted to is predicted {100 * found.error:+.0f} %")
    for note in found.notes:
        typer.echo(f"  {note}")
