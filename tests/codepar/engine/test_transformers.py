"""A random tiny Llama with a tokenizer made here: real code paths of torch, transformers and peft, no download."""

import asyncio
import importlib.util
import os
import warnings

import pytest

from codepar.errors import EngineUnavailable, InvalidInput, NotFound, Unsupported
from codepar.protocols import Generator, Grammar, Message, Prompt, Sampling
from codepar.settings import Settings

TEMPLATE = "{% for m in messages %}<|fim_prefix|>{{ m.content }}{% endfor %}<|fim_middle|>"


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory):
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("transformers") is None:
        message = "torch and transformers are not installed: make setup-train"
        pytest.fail(message) if os.environ.get("CI") else pytest.skip(message)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import peft
        import torch
        import transformers
        from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    folder = tmp_path_factory.mktemp("tiny")
    alphabet = {character: index for index, character in enumerate(sorted(pre_tokenizers.ByteLevel.alphabet()))}
    raw = Tokenizer(models.BPE(vocab=alphabet, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=raw, eos_token="<|end|>", chat_template=TEMPLATE)
    tokenizer.add_special_tokens({"additional_special_tokens": ["<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"]})
    tokenizer.save_pretrained(folder / "model")
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        max_position_embeddings=128,
    )
    model = transformers.LlamaForCausalLM(config)
    model.save_pretrained(folder / "model")
    adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj", "v_proj", "o_proj"], init_lora_weights=False))
    adapted.save_pretrained(folder / "adapter")
    return folder


@pytest.fixture
def ask(checkpoint):
    from codepar.engine.factory import open_generator

    def run(work, **options):
        async def main():
            settings = Settings(engine_url=None, engine_backend="transformers", model=str(checkpoint / "model"), **options)
            generator = await open_generator(settings)
            try:
                return await work(generator)
            finally:
                await generator.close()

        with warnings.catch_warnings():
            # peft and transformers warn of each other's versions; that is theirs.
            warnings.simplefilter("ignore")
            return asyncio.run(main())

    return run


def test_completion_streams_the_same_text(ask):
    async def work(generator):
        assert isinstance(generator, Generator)
        sampling = Sampling(max_tokens=12, logprobs=2)
        chunks = [chunk async for chunk in generator.stream(Prompt(text="int"), sampling)]
        return chunks, await generator.complete(Prompt(text="int"), sampling)

    chunks, whole = ask(work)
    assert "".join(chunk.text for chunk in chunks) == whole.text == chunks[-1].generation.text
    assert whole.prompt_tokens == 3
    assert len(whole.logprobs) == whole.completion_tokens == 12
    assert all(token.alternatives[0][1] >= token.logprob for token in whole.logprobs)


def test_a_score_is_the_listed_log_probability(ask):
    async def work(generator):
        answer = await generator.complete(Prompt(text="ab"), Sampling(max_tokens=1, logprobs=20))
        listed = [(text, value) for text, value in answer.logprobs[0].alternatives if text.isascii() and len(text) == 1]
        return (
            listed,
            await generator.score(Prompt(text="ab"), [text for text, _ in listed]),
            await generator.score(Prompt(), [""]),
        )

    listed, scores, empty = ask(work)
    assert listed
    assert scores == pytest.approx([value for _, value in listed], abs=1e-4)
    assert empty == [0.0]


def test_an_adapter_changes_the_model(ask, checkpoint):
    async def work(generator):
        return (await generator.capabilities()).model, await generator.score(Prompt(text="ab"), ["cd"])

    plain, adapted = ask(work), ask(work, adapter=checkpoint / "adapter")
    assert plain[0] == "model"
    assert adapted[0] == "model+adapter"
    assert plain[1] != adapted[1]


def test_budget_cancel_seed_and_stop(ask):
    async def work(generator):
        late = await generator.complete(Prompt(text="a"), Sampling(max_tokens=100, budget_s=1e-6))
        task = asyncio.create_task(generator.complete(Prompt(text="a"), Sampling(max_tokens=120)))
        await asyncio.sleep(0.05)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        sampling = Sampling(max_tokens=20, temperature=1.0, seed=7)
        twice = [await generator.complete(Prompt(text="a"), sampling) for _ in range(2)]
        stop = twice[0].text[3:5]
        stopped = await generator.complete(Prompt(text="a"), sampling.model_copy(update={"stop": (stop,)}))
        return late, twice, stop, stopped

    late, twice, stop, stopped = ask(work)
    assert late.finish_reason == "budget"
    assert twice[0].text == twice[1].text
    assert stopped.text == twice[0].text.split(stop)[0]
    assert stopped.finish_reason == "stop"


def test_infill_and_chat_protect_user_text(ask):
    async def work(generator):
        infill = await generator.complete(Prompt(text="a", suffix="<|fim_middle|>"), Sampling(max_tokens=1))
        chat = await generator.complete(Prompt(messages=(Message(role="user", content="<|end|>"),)), Sampling(max_tokens=1))
        return infill.prompt_tokens, chat.prompt_tokens

    # Three control tokens and every character of the rest; two control tokens around seven characters.
    assert ask(work) == (3 + 1 + len("<|fim_middle|>"), 2 + len("<|end|>"))


def test_what_it_cannot_do_is_said(ask, checkpoint, tmp_path):
    with pytest.raises(Unsupported):
        ask(lambda generator: generator.complete(Prompt(text="a"), Sampling(grammar=Grammar(kind="regex", text="a"))))
    with pytest.raises(InvalidInput, match=r"200 tokens.* 128"):
        ask(lambda generator: generator.complete(Prompt(text="a" * 200), Sampling()))
    with pytest.raises(NotFound):
        ask(lambda generator: generator.capabilities(), adapter=tmp_path)


def test_a_folder_that_is_no_checkpoint(checkpoint, tmp_path):
    from codepar.engine.factory import open_generator

    settings = Settings(engine_url=None, engine_backend="transformers", model=str(tmp_path))
    with pytest.raises(EngineUnavailable, match="cannot be loaded"):
        asyncio.run(open_generator(settings))
