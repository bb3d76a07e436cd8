"""Plain requests that a program made."""

from __future__ import annotations

from finetune.requests.plain import plain_prompts


def test_half_of_them_hold_several_items():
    found = plain_prompts(200)
    assert sum(one.several for one in found) == 100
    assert all(one.several == (len(one.items or ()) > 1) for one in found)
    assert len({one.prompt for one in found}) > 180


def test_items_are_words_of_the_prompt():
    for one in plain_prompts(200):
        for place in one.items or ():
            data = (one.prompt if place.file is None else one.files[place.file]).encode()
            text = data[place.start : place.end].decode()
            assert text.strip() == text.removesuffix("\n") != ""
            assert not text.startswith(("- ", "* ", "1."))


def test_the_same_seed_makes_the_same():
    assert plain_prompts(20, seed=3) == plain_prompts(20, seed=3) != plain_prompts(20, seed=4)
