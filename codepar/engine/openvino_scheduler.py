"""The one thread that owns the pipeline: admits requests, steps, and hands results back to the event loops that wait.

Decoding requests advance together in every step. Prefill is admitted in slices of `SLICE_TOKENS`, the shortest remainder first,
so a small request never waits behind a long prompt: a slice is a request of its own whose work the prefix cache keeps. Limits:
one pipeline, one thread; requests beyond `MAX_RUNNING` wait in order, beyond `MAX_WAITING` are refused.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from codepar.engine.loop_turns import LoopTurns
from codepar.engine.openvino_pipeline import SLICE_TOKENS, STEP_TOKENS, LoadedModel
from codepar.engine.openvino_prefixes import Prefixes, block_keys
from codepar.engine.transcript import Transcript
from codepar.errors import CodeparError, EngineUnavailable
from codepar.protocols import FinishReason

MAX_RUNNING = 64
MAX_WAITING = 1024
_FLUSH_S = 0.04
_AGING_TOKENS_PER_S = 200.0
_SMALL_TOKENS = 64


class Outcome:
    """What a request says when it ends: the reason, or an error."""

    def __init__(self, reason: FinishReason | None, error: CodeparError | None = None) -> None:
        self.reason = reason
        self.error = error


class Request:
    """One generation. The scheduler's thread alone touches it, except ``cancelled`` and what ``Mailbox`` guards."""

    def __init__(
        self,
        ids: list[int],
        config: Any,
        transcript: Transcript,
        *,
        streams: bool,
        budget_s: float | None,
        slices_until: int,
        alternatives: bool = False,
    ) -> None:
        self.ids = ids
        self.config = config
        self.transcript = transcript
        self.streams = streams
        self.submitted = time.monotonic()
        self.deadline = None if budget_s is None else self.submitted + budget_s
        self.slices_until = slices_until
        self.alternatives = alternatives
        self.cancelled = False
        self.prefilled = 0
        self.handle: Any = None
        self.slice_handle: Any = None
        self.slice_end = 0
        self.started = False
        self.log_probs: list[float] = []
        self.reason: FinishReason | None = None
        self.mailbox = Mailbox()
        self.block_keys = block_keys(ids)
        self.cached = 0
        self._unsent: list[str] = []
        self._sent_at = 0.0

    @property
    def remaining(self) -> int:
        """Prompt tokens that are not known to be in the prefix cache."""
        return len(self.ids) - self.prefilled

    def offer(self, text: str) -> None:
        """Text that may be shown; it leaves at once when it is the first or the last piece was sent a while ago."""
        if text and self.streams:
            self._unsent.append(text)
            if time.monotonic() - self._sent_at >= _FLUSH_S:
                self.flush()

    def flush(self) -> None:
        """Send what is unsent."""
        if self._unsent:
            self._sent_at = time.monotonic()
            self.mailbox.put("".join(self._unsent), None)
            self._unsent.clear()

    def end(self, outcome: Outcome) -> None:
        """The last word."""
        self.flush()
        self.mailbox.put("", outcome)


class Mailbox:
    """Text and outcome on their way from the scheduler's thread to the event loop that created this."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._wake = asyncio.Event()
        self._lock = threading.Lock()
        self._text: list[str] = []
        self._outcome: Outcome | None = None

    def put(self, text: str, outcome: Outcome | None) -> None:
        """Called by the scheduler's thread."""
        with self._lock:
            if text:
                self._text.append(text)
            self._outcome = outcome or self._outcome
        try:
            self._loop.call_soon_threadsafe(self._wake.set)
        except RuntimeError:
            # The loop is closed: nobody waits any more.
            return

    async def take(self) -> tuple[str, Outcome | None]:
        """Everything that has come since the last call: text, and the outcome when the request has ended."""
        await self._wake.wait()
        with self._lock:
            self._wake.clear()
            text, self._text = "".join(self._text), []
            return text, self._outcome


class Scheduler:
    """Runs the pipeline in a thread of its own until closed."""

    def __init__(self, model: LoadedModel) -> None:
        self._model = model
        self._pipeline = model.pipeline
        self._condition = threading.Condition()
        self._incoming: list[Request] = []
        self._waiting: list[Request] = []
        self._running: list[Request] = []
        self._slicing: list[Request] = []
        self._prefixes = Prefixes()
        self._turns = LoopTurns()
        self._ids = 0
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="codepar-engine", daemon=True)
        self._thread.start()

    def submit(self, request: Request) -> None:
        """Queue a request. Raises ``EngineUnavailable`` when closed or too busy."""
        self._turns.know(asyncio.get_running_loop())
        with self._condition:
            if self._closing:
                raise EngineUnavailable("the engine is stopped", remedy="start it again")
            if len(self._waiting) + len(self._incoming) >= MAX_WAITING:
                raise EngineUnavailable(f"{MAX_WAITING} requests are waiting already", remedy="try again in a moment")
            self._incoming.append(request)
            self._condition.notify()

    def cancel(self, request: Request) -> None:
        """Give up a request; it leaves the batch at the next step."""
        request.cancelled = True
        with self._condition:
            self._condition.notify()

    def close(self) -> None:
        """Cancel everything and end the thread."""
        with self._condition:
            self._closing = True
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._incoming or self._closing or self._busy()):
                    self._condition.wait()
                self._waiting += self._incoming
                self._incoming.clear()
                if self._closing:
                    break
            self._guarded(self._turn)
        for request in (*self._waiting, *self._slicing, *self._running):
            self._stop_handles(request)
            request.end(Outcome("cancelled"))
        self._guarded(self._drain)

    def _busy(self) -> bool:
        return bool(self._waiting or self._slicing or self._running or self._pipeline.has_non_finished_requests())

    def _turn(self) -> None:
        self._drop_given_up()
        self._admit()
        if self._pipeline.has_non_finished_requests():
            self._pipeline.step()
        self._collect_slices()
        self._collect_running()
        self._turns.give()

    def _guarded(self, action: Callable[[], None]) -> None:
        try:
            action()
        except RuntimeError as error:
            self._fail_all(str(error).strip().splitlines()[-1])

    def _fail_all(self, cause: str) -> None:
        """A step that throws leaves its requests half done: end them all, and clear the pipeline with empty steps."""
        failed = [*self._running, *self._slicing]
        self._running.clear()
        self._slicing.clear()
        for request in failed:
            self._stop_handles(request)
            request.end(
                Outcome(None, EngineUnavailable(f"the engine failed in a step: {cause}", remedy="send the request again"))
            )
        try:
            self._drain()
        except RuntimeError:
            self._closing = True

    def _drain(self) -> None:
        while self._pipeline.has_non_finished_requests():
            self._pipeline.step()

    def _stop_handles(self, request: Request) -> None:
        for handle in (request.handle, request.slice_handle):
            if handle is not None:
                handle.cancel()

    def _drop_given_up(self) -> None:
        now = time.monotonic()
        for group in (self._waiting, self._slicing, self._running):
            for request in list(group):
                expired = request.deadline is not None and now >= request.deadline
                if request.cancelled or expired:
                    group.remove(request)
                    self._stop_handles(request)
                    self._finish(request, "cancelled" if request.cancelled else "budget")

    def _admit(self) -> None:
        """Start the cheapest waiting requests while this step's prefill has room."""
        for request in self._waiting:
            self._recall(request)
        self._waiting.sort(key=_urgency)
        used = sum(min(r.remaining, SLICE_TOKENS) for r in (*self._slicing, *self._running) if not r.started)
        while self._waiting and len(self._running) + len(self._slicing) < MAX_RUNNING:
            cost = min(self._waiting[0].remaining, SLICE_TOKENS)
            limit = STEP_TOKENS if cost <= _SMALL_TOKENS else SLICE_TOKENS
            if used and used + cost > limit:
                return
            used += cost
            self._start(self._waiting.pop(0))

    def _start(self, request: Request) -> None:
        end = request.prefilled + SLICE_TOKENS
        is_slice = end < request.slices_until
        # One token is always computed: the first answer's token comes of it.
        until = end if is_slice else len(request.ids) - 1
        request.cached += self._prefixes.count(request.block_keys, request.prefilled, until)
        if is_slice:
            config = self._model.generation_config()
            config.max_new_tokens = 1
            request.slice_end = end
            request.slice_handle = self._add(request.ids[:end], config)
            self._slicing.append(request)
            return
        request.handle = self._add(request.ids, request.config)
        self._running.append(request)

    def _add(self, ids: list[int], config: Any) -> Any:
        self._ids += 1
        return self._pipeline.add_request(self._ids, self._model.tensor(ids), config)

    def _collect_slices(self) -> None:
        for request in list(self._slicing):
            status = request.slice_handle.get_status().name
            if status == "RUNNING":
                continue
            self._slicing.remove(request)
            request.slice_handle = None
            if status == "IGNORED":
                self._refuse(request)
                continue
            request.prefilled = request.slice_end
            self._prefixes.remember(request.block_keys, request.prefilled)
            self._waiting.append(request)

    def _collect_running(self) -> None:
        for request in list(self._running):
            while request.handle.can_read():
                for output in request.handle.read().values():
                    self._take(request, output)
            if request.reason is None and request.handle.get_status().name == "IGNORED":
                self._running.remove(request)
                self._refuse(request)
            elif request.reason is not None:
                self._running.remove(request)
                self._finish(request, request.reason)

    def _take(self, request: Request, output: Any) -> None:
        if request.reason is not None:
            return
        if not request.started:
            request.started = True
            self._prefixes.remember(request.block_keys, len(request.ids))
        wanted = request.config.logprobs > 0
        log_probs = list(output.generated_log_probs) if wanted else None
        if log_probs is not None:
            request.log_probs += log_probs
        if not request.config.echo:
            request.offer(request.transcript.add(output.generated_ids, log_probs, request.alternatives))
        finish = output.finish_reason.name
        if request.transcript.stopped:
            request.handle.stop()
            request.reason = "stop"
        elif finish != "NONE":
            request.reason = "length" if finish == "LENGTH" else "stop"

    def _finish(self, request: Request, reason: FinishReason) -> None:
        request.offer(request.transcript.finish())
        request.end(Outcome("stop" if request.transcript.stopped else reason))

    def _refuse(self, request: Request) -> None:
        cause = f"the engine's cache has no room for a request of {len(request.ids)} prompt tokens"
        request.end(Outcome(None, EngineUnavailable(cause, remedy="shorten the prompt, or raise CODEPAR_ENGINE_CACHE_BYTES")))

    def _recall(self, request: Request) -> None:
        """Advance over slices that some request has computed before; if the cache lost them the step is longer, not wrong."""
        while (end := request.prefilled + SLICE_TOKENS) < request.slices_until and self._prefixes.holds(request.block_keys, end):
            request.prefilled = end
            request.cached += SLICE_TOKENS


def _urgency(request: Request) -> tuple[bool, float]:
    """Small prompts first; among the others the shortest remainder, made shorter by waiting so that none waits for ever."""
    waited = time.monotonic() - request.submitted
    return request.remaining > _SMALL_TOKENS, request.remaining - waited * _AGING_TOKENS_PER_S
