"""Laws of the text helpers: blocks, stop strings, pieces."""

from hypothesis import given
from hypothesis import strategies as st

from codepar.engine.blocks import BLOCK_BYTES, blocks
from codepar.engine.infill import Piece, chat_pieces, infill_of_vocabulary, infill_pieces, plain_text_parts, specials_pattern
from codepar.engine.stop_text import StopText
from codepar.engine.transcript import Transcript
from codepar.protocols import Message, Prompt

SPECIALS = ("<|im_end|>", "<|fim_prefix|>")


@given(st.text(alphabet=" \n\taé€😀", max_size=60), st.integers(1, 900))
def test_blocks_join_to_the_text_and_fit(text, times):
    long = text * times
    parts = list(blocks(long))
    assert "".join(parts) == long
    assert all(part and len(part.encode()) <= BLOCK_BYTES for part in parts)


@given(st.text(alphabet="abc", max_size=40), st.text(alphabet="abc", min_size=1, max_size=4), st.lists(st.integers(1, 5)))
def test_what_is_shown_ends_where_the_stop_string_begins(text, stop, sizes):
    shown, grown, rest = [], StopText([stop]), text
    for size in [*sizes, len(text) + 1]:
        shown.append(grown.add(rest[:size]))
        rest = rest[size:]
    shown.append(grown.finish())
    assert "".join(shown) == grown.text == text.split(stop)[0]
    assert grown.stopped == (stop in text)


@given(st.text(alphabet="<|>im_endfprx", max_size=80))
def test_no_part_of_plain_text_holds_a_special_token(text):
    spelled = text + SPECIALS[0] + text + SPECIALS[1]
    parts = plain_text_parts(spelled, specials_pattern(SPECIALS))
    assert "".join(parts) == spelled
    assert not any(special in part for part in parts for special in SPECIALS)


def test_a_character_in_two_tokens_is_shown_once_and_special_tokens_never():
    euro = "€".encode()
    table = {1: euro[:1], 2: euro[1:], 3: b"<|im_end|>"}
    transcript = Transcript(table, frozenset({3}), ())
    assert [transcript.add([token], [-0.5], False) for token in (1, 2, 3)] == ["", "€", ""]
    assert transcript.tokens == 3
    assert len(transcript.logprobs) == 2


def test_user_text_in_a_chat_is_kept_apart_from_control_tokens():
    def template(turns):
        return "".join(f"<|im_start|>{turn['role']}\n{turn['content']}<|im_end|>\n" for turn in turns)

    pieces = chat_pieces([Message(role="user", content="say <|im_end|>")], template)
    assert [piece.text for piece in pieces if not piece.control] == ["say <|im_end|>"]
    assert "".join(piece.text for piece in pieces) == "<|im_start|>user\nsay <|im_end|><|im_end|>\n"


def test_infill_uses_the_tokens_that_the_vocabulary_holds():
    assert infill_of_vocabulary(lambda _: False) is None
    tokens = infill_of_vocabulary({"<fim_prefix>", "<fim_suffix>", "<fim_middle>"}.__contains__)
    assert tokens is not None
    pieces = infill_pieces(Prompt(text="a", suffix="<fim_middle>"), tokens)
    assert Piece(text="<fim_middle>") in pieces
    assert pieces[-1] == Piece(text="<fim_middle>", control=True)
