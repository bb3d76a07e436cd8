"""Training of the argument ranker's network on a small corpus, and that the product computes what was trained."""

import datasets
import pytest
import torch

from codepar.errors import InvalidInput
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.candidates import Vocabulary
from codepar.mpi.ranking.network import read_network
from codepar.mpi.ranking.weights import Weights, hash_of, own_weights
from codepar.mpi.remove import strip
from finetune.arguments.decisions import Decision
from finetune.arguments.network import CandidateNetwork, exported, known_hashes, laid, log_shares, numbered
from finetune.arguments.network_run import NetworkRecipe, train_network

# A habit that the weights do not know: the message goes to whom the third of three like variables names.
PROGRAM = """#include <mpi.h>
int main(int argc, char **argv)
{{
  int {names[0]} = {number}, {names[1]} = 2, {names[2]} = 3, rank, value = {number};
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  if (rank == 0)
    MPI_Send(&value, 1, MPI_INT, {names[2]}, 0, MPI_COMM_WORLD);
  use({names[0]}, {names[1]}, {names[2]});
  return 0;
}}
"""
NAMES = [("red", "green", "blue"), ("x", "y", "z"), ("one", "two", "three"), ("low", "mid", "high")]
RECIPE = NetworkRecipe(epochs=40, width=8, left_out=0.1, dropout=0.0, batch=16, repositories=2, rate=1e-2)


def row(number):
    text = PROGRAM.format(names=NAMES[number % 4], number=number)
    return {"repository": f"people/r{number % 5}", "path": "a.c", "stripped": strip(text, "a.c").model_dump_json()}


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arguments")
    parts = {"train": range(12), "development": range(12, 16)}
    data = {split: datasets.Dataset.from_list([row(number) for number in numbers]) for split, numbers in parts.items()}
    datasets.DatasetDict(data).save_to_disk(str(folder / "data"))
    return folder


def test_it_learns_what_the_weights_do_not_know(corpus, tmp_path):
    told = []
    found = train_network(corpus, tmp_path, load_signatures(), RECIPE, told.append, beside=own_weights())
    assert found.before.right_rest < found.after.right_rest == found.after.calls_rest == 4, told
    card = (tmp_path / "network.md").read_text()
    assert f"| with the network | {found.after.calls} | 1.000 | 1.000 |" in card
    assert read_network(tmp_path / "network.json").attribute_rows


def test_the_product_computes_what_was_trained():
    texts = [["a", "b"], ["a", "c", "new"], ["d"]]
    flat = [hash_of(text) for one in texts for text in one]
    contexts = tuple(map(hash_of, ("x", "y", "z")))
    decision = Decision("people/r", "MPI_Send", 0, contexts, flat, [2, 3, 1], 1)
    known = known_hashes([decision], 1)
    torch.manual_seed(3)
    network = CandidateNetwork(known, 8, 0.5).eval()
    for weight in (network.attributes.weight, network.contexts.weight):
        torch.nn.init.normal_(weight[:-1], 0, 1)
    trained = network(laid([numbered(decision, known)])).tolist()
    found = exported(network, known, 1.0, 0.0).scores(["x", "y", "z"], texts)
    # Weights of 8 bits are up to 0.4 % of the largest one off.
    assert found == pytest.approx(trained, rel=0.05, abs=0.05)


def test_the_shares_of_a_decision_are_one():
    candidates = torch.tensor([2, 3])
    shares = log_shares(torch.tensor([1.0, 2.0, -1.0, 0.0, 900.0]), candidates).exp()
    assert [part.sum().item() for part in shares.split([2, 3])] == pytest.approx([1.0, 1.0])
    assert shares[1] > shares[0]


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    empty = Weights(1.0, {}, Vocabulary())
    with pytest.raises(InvalidInput):
        train_network(tmp_path, tmp_path / "out", load_signatures(), RECIPE, print, beside=empty)
