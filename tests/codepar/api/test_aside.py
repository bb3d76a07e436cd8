"""Long computations beside the event loop: it goes on, the model is asked from its own, a cancellation arrives."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from codepar.api.aside import FromElsewhere, aside
from codepar.protocols import Chunk, Generation, Generator, Prompt, Sampling, SiteScore, SiteScorer, SiteText


@pytest.fixture
def pool():
    with ThreadPoolExecutor(1) as pool:
        yield pool


class _Echo:
    """Answers with the prompt, and remembers in which thread it was asked."""

    def __init__(self):
        self.threads = set()

    async def complete(self, prompt, sampling):
        self.threads.add(threading.get_ident())
        return Generation(text=prompt.text, finish_reason="stop", prompt_tokens=1, completion_tokens=1)

    async def stream(self, prompt, sampling):
        self.threads.add(threading.get_ident())
        for piece in prompt.text:
            yield Chunk(text=piece)

    async def score_sites(self, texts):
        self.threads.add(threading.get_ident())
        return [tuple((SiteScore(function=piece, probabilities=(0.5,)),) for piece in text.pieces) for text in texts]


def test_the_loop_goes_on_while_something_computes(pool):
    ticked = threading.Event()

    async def compute():
        assert ticked.wait(30)
        return "done"

    async def main():
        asyncio.get_running_loop().call_later(0.05, ticked.set)
        return await aside(pool, compute)

    assert asyncio.run(main()) == "done"


def test_the_model_is_asked_in_the_loop_it_belongs_to(pool):
    echo = _Echo()

    async def main():
        there = FromElsewhere(echo)
        assert isinstance(there, Generator)
        assert isinstance(there, SiteScorer)

        async def work():
            [scores] = await there.score_sites([SiteText(pieces=("a", "b"), sites=())])
            assert [one.function for site in scores for one in site] == ["a", "b"]
            streamed = "".join([chunk.text async for chunk in there.stream(Prompt(text="abc"), Sampling())])
            return streamed, (await there.complete(Prompt(text="x"), Sampling())).text, threading.get_ident()

        return await aside(pool, work)

    streamed, completed, worker = asyncio.run(main())
    assert (streamed, completed) == ("abc", "x")
    assert echo.threads == {threading.get_ident()} != {worker}


def test_an_error_is_raised_here(pool):
    async def fail():
        raise ValueError("its own")

    with pytest.raises(ValueError, match="its own"):
        asyncio.run(aside(pool, fail))


def test_a_cancellation_arrives_there(pool):
    begun, ended = threading.Event(), threading.Event()

    async def wait():
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    async def main():
        task = asyncio.create_task(aside(pool, wait))
        await asyncio.to_thread(begun.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(ended.wait, 30)

    asyncio.run(main())


def test_what_is_cancelled_before_it_begins_never_begins(pool):
    free, ran = threading.Event(), []

    async def note():
        ran.append(1)

    async def main():
        pool.submit(free.wait, 30)
        task = asyncio.create_task(aside(pool, note))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        free.set()
        await asyncio.wrap_future(pool.submit(lambda: None))

    asyncio.run(main())
    assert ran == []
