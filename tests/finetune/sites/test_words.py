"""Training of the word model on a small corpus."""

from dataclasses import replace

import pytest

from codepar.errors import InvalidInput
from codepar.mpi.words.features import features_of
from codepar.mpi.words.model import read_words
from finetune.corpus_files import read_rows
from finetune.sites.examples import functions_of_rows
from finetune.sites.words import WordRecipe, distinct, train_words

RECIPE = WordRecipe(epochs=60, width=8, batch=16, rate=1e-2, function_repositories=2)


def test_it_learns_what_the_programs_have_in_common(corpus, tmp_path):
    told = []
    score = train_words(corpus, tmp_path / "words", RECIPE, told.append)
    assert score.everything > 0.9, told
    assert f"{score.rest:.3f}" in (tmp_path / "words" / "README.md").read_text()
    model = read_words(tmp_path / "words" / "weights.json")
    held_out = [example for example in functions_of_rows(read_rows(corpus)["development"]) if example.is_main]
    for example in held_out:
        rows = model.probabilities(features_of(example.text))
        for missing, row in zip(example.missing, rows, strict=True):
            likely = {function for function, probability in zip(model.functions, row, strict=True) if probability > 0.5}
            assert likely == set(missing)


def test_copies_are_learned_from_once_and_no_repository_beyond_its_share(corpus):
    examples = list(functions_of_rows(read_rows(corpus)["train"]))
    chosen = distinct([*examples, *examples], RECIPE)
    assert len(chosen) == len({example.text.pieces for example in examples})
    assert sum(example.is_main for example in distinct(examples, replace(RECIPE, most=1))) == 4


def test_a_corpus_with_too_few_repositories_is_refused(corpus, tmp_path):
    with pytest.raises(InvalidInput, match="too small"):
        train_words(corpus, tmp_path / "words", WordRecipe(epochs=1, function_repositories=50), [].append)
