"""Lists whose elements begin lines."""

from __future__ import annotations

import pytest

from codepar.prompts.discourse import Discourse
from codepar.prompts.request import Request


def elements(prompt: str) -> list[list[str]]:
    discourse = Discourse(Request(prompt, {}))
    return [[prompt[low:high] for low, high in listing.elements] for listing in discourse.lists]


@pytest.mark.parametrize("bullets", ["🎁🎁🎁", "🟢🔵🟠", "✅✅✅", ["1️⃣", "2️⃣", "3️⃣"], ["❤️", "❤️", "❤️"], "§§§", "~~~"])
def test_pictures_are_bullets_whatever_they_show(bullets):
    lines = [f"{one} {text}" for one, text in zip(bullets, ("a bar", "a dry run", "colored logs"), strict=True)]
    assert elements("wishlist\n" + "\n".join(lines)) == [["a bar", "a dry run", "colored logs"]]


def test_one_picture_is_no_list():
    assert elements("🙏 a progress bar, please\nIn python 🙂 if you can") == []


def test_pictures_and_dashes_are_two_lists_not_one():
    assert elements("- one\n- two\n\n🎁 three\n🎁 four") == [["one", "two"], ["three", "four"]]
