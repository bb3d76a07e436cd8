"""Training of the word model on a small corpus."""

import pytest

from codepar.errors import InvalidInput
from codepar.mpi.words.model import read_words
from finetune.corpus_files import read_rows
from finetune.sites.word_places import numbered, programs_of, shared_out, stretches
from finetune.sites.words import WordRecipe, train_words

RECIPE = WordRecipe(epochs=60, width=8, units=4, batch=16, rate=1e-2, function_repositories=2)


def test_it_learns_what_the_programs_have_in_common(corpus, tmp_path):
    told = []
    score = train_words(corpus, tmp_path / "words", RECIPE, told.append)
    assert score.everything > 0.9, told
    assert f"{score.rest:.3f}" in (tmp_path / "words" / "README.md").read_text()
    model = read_words(tmp_path / "words" / "weights.json")
    for program in programs_of(read_rows(corpus)["development"]):
        found = model.probabilities([function.features for function in program.functions])
        for function, rows in zip(program.functions, found, strict=True):
            for missing, row in zip(function.missing, rows, strict=True):
                likely = {name for name, probability in zip(model.functions, row, strict=True) if probability > 0.5}
                assert likely == set(missing)


def test_the_product_computes_what_was_trained(corpus, tmp_path):
    import torch

    from finetune.sites.word_network import WordNetwork, batch_of, exported

    programs = list(programs_of(read_rows(corpus)["train"]))
    numbering = numbered(programs, 2, 8, 2)
    torch.manual_seed(1)
    networks = [WordNetwork(len(numbering.features), len(numbering.functions), 8, 4, 0.5).eval() for _ in range(2)]
    model = exported(networks, numbering)
    for program in programs[:3]:
        (stretch,) = stretches([program], numbering, 300)
        trained = torch.sigmoid(sum(network(batch_of([stretch])) for network in networks) / 2).tolist()
        found = [row for of_text in model.probabilities([one.features for one in program.functions]) for row in of_text]
        # Weights of 8 bits are up to 0.4 % of the largest one off.
        assert [value for row in found for value in row] == pytest.approx([value for row in trained for value in row], rel=0.05)


def test_no_repository_is_learned_from_beyond_its_share(corpus):
    rows = read_rows(corpus)["train"]
    chosen = shared_out(rows, 1, 0)
    assert len(chosen) == len({row["repository"] for row in rows if row["whole"]})
    assert {(row["repository"], row["path"]) for row in shared_out(rows, 100, 0)} >= {
        (row["repository"], row["path"]) for row in rows if row["whole"]
    }


def test_a_long_program_is_parted_between_its_functions(corpus):
    (program, *_) = programs_of(read_rows(corpus)["train"])
    numbering = numbered([program], 1, 8, 1)
    whole, parted = stretches([program], numbering, 300), stretches([program], numbering, 1)
    assert sum(len(one.features) for one in parted) == len(whole[0].features)
    assert len(parted) == sum(1 for function in program.functions if function.missing)


def test_a_corpus_with_too_few_repositories_is_refused(corpus, tmp_path):
    with pytest.raises(InvalidInput, match="too small"):
        train_words(corpus, tmp_path / "words", WordRecipe(epochs=1, function_repositories=50), [].append)
