"""The word model's file, its opinion and how it joins a site scorer's."""

from array import array

import pytest

from codepar.errors import InvalidInput
from codepar.layers import Layer
from codepar.mpi.words.features import Features
from codepar.mpi.words.model import Blend, WordModel, hash_of, installed_words, read_words, write_words
from codepar.protocols import SiteScore, SiteText

FUNCTIONS = ("MPI_Send", "MPI_Recv")
TEXT = SiteText(pieces=("send\n", "stop\n"), sites=((0, 1),))


@pytest.fixture
def model():
    """``p:send`` speaks for a send: hidden value 1 of two, which the outputs take with 4 and -2."""
    hidden = Layer(0.5, (array("b", [2, 0]), array("b", [0, 3])))
    output = Layer(1.0, (array("b", [4, 0]), array("b", [-2, 0])))
    return WordModel(FUNCTIONS, {hash_of("p:send"): 0, hash_of("p:other"): 1}, hidden, (0.0, 0.0), output, (-1.0, -1.0))


def test_features_add_up_through_the_hidden_layer(model):
    shared = Features(frozenset({"unknown"}), (frozenset({"p:send"}), frozenset({"p:other"}), frozenset()))
    [[first, second, third]] = model.probabilities([shared])
    assert first == pytest.approx([0.9526, 0.0474], abs=1e-3)
    assert second == third == pytest.approx([0.2689, 0.2689], abs=1e-3)


def test_two_opinions_are_one_and_a_function_only_one_knows_stays(model):
    known = (SiteScore(function="MPI_Recv", probabilities=(0.5, 0.25)), SiteScore(function="MPI_Put", probabilities=(0.4,)))
    [[scores]] = model.blended([TEXT], [(known,)], Blend(1.0, 1.0, 0.0))
    found = {score.function: score.probabilities for score in scores}
    assert found["MPI_Put"] == (0.4,)
    assert found["MPI_Recv"] == pytest.approx((0.0474, 0.0237), abs=1e-3)
    assert found["MPI_Send"][0] == pytest.approx(0.092, abs=0.01)
    assert [score.probabilities[0] for score in scores] == sorted((score.probabilities[0] for score in scores), reverse=True)


def test_the_scorer_alone_is_left_as_it_is_by_a_blend_that_hears_it_alone(model):
    known = (SiteScore(function="MPI_Send", probabilities=(0.7, 0.1)),)
    [[scores]] = model.blended([TEXT], [(known,)], Blend(1.0, 0.0, 0.0))
    assert scores == known


def test_a_file_holds_the_model(model, tmp_path):
    write_words(model, tmp_path / "w.json")
    assert read_words(tmp_path / "w.json") == model


@pytest.mark.parametrize("text", ["{}", "no", '{"format": 9}'])
def test_another_file_is_refused(tmp_path, text):
    (tmp_path / "w.json").write_text(text)
    with pytest.raises(InvalidInput, match=r"word model|format"):
        read_words(tmp_path / "w.json")


def test_the_installed_model_knows_the_common_calls_and_where_a_program_ends():
    model = installed_words()
    assert {"MPI_Init", "MPI_Finalize", "MPI_Send", "MPI_Recv", "MPI_Bcast", "MPI_Reduce", "MPI_Wait"} <= set(model.functions)
    lines = ["int main(int argc, char **argv)\n", "{\n", "  int rank;\n", '  printf("%d", rank);\n', "  return 0;\n", "}\n"]
    text = SiteText(pieces=tuple(lines), sites=((2, 3), (3, 4)))
    [[first, last]] = model.blended([text], [((), ())], Blend(0.0, 1.0, 0.0))
    assert {score.function for score in first[:3]} >= {"MPI_Init", "MPI_Comm_rank"}
    assert last[0].function == "MPI_Finalize"
