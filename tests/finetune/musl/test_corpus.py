"""From repositories to functions: what is taken, what is left out, and that nothing is like what judges."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from codepar.cuda.refuse import refusal
from codepar.errors import Conflict, InvalidInput
from finetune.musl.corpus import assemble, collect_all, made_from, read_corpus, write_corpus
from finetune.musl.held_out import HeldOutFunctions, main, read_held_out, signatures_of
from finetune.sources import read_sources

SAXPY = """void saxpy(int n, float a, const float *x, float *y)
{
    for (int i = 0; i < n; i++)
        y[i] = a * x[i] + y[i];
}
"""
RENAMED = (
    "void axpy_cpu ( int N , float ALPHA , const float * X , float * Y ) "
    "{ for ( int k = 0 ; k < N ; k ++ ) Y [ k ] = ALPHA * X [ k ] + Y [ k ] ; }"
)
NOBODY = HeldOutFunctions([], [])


@pytest.fixture(scope="module")
def collected(mirrors, tmp_path_factory):
    folder = tmp_path_factory.mktemp("repositories")
    with ThreadPoolExecutor(1) as pool:
        return collect_all(read_sources(mirrors / "commits.tsv"), mirrors, folder, pool), folder


def test_functions_stand_by_themselves_with_place_and_licence(collected):
    corpus = assemble(collected[0], frozenset(), NOBODY)
    found = {one.name: one for one in corpus.functions}
    assert sorted(found) == ["clip", "saxpy", "scale_rows"]
    clip = found["clip"]
    assert (clip.repository, clip.path, clip.line, clip.licence) == ("some/vectors", "clip.c", 7, "MIT")
    assert "#include <math.h>" in clip.text
    assert "own.h" not in clip.text
    assert "bounded" in clip.read().helpers
    assert found["scale_rows"].licence == "none"
    assert all(refusal(one.read()) is None for one in corpus.functions)
    assert corpus.left_out["input_output"] == 1
    assert corpus.left_out["without a result or a written buffer"] == 1


def test_what_was_collected_is_not_read_again(collected, mirrors):
    found, folder = collected
    with ThreadPoolExecutor(1) as pool:
        again = collect_all(read_sources(mirrors / "commits.tsv"), Path("/nowhere"), folder, pool)
    assert again == found


@pytest.mark.parametrize("text", [SAXPY, RENAMED])
def test_a_held_out_function_is_left_out_also_under_other_names(collected, text):
    held = signatures_of(text)
    corpus = assemble(collected[0], frozenset(), HeldOutFunctions([held.plain], [held.numbered]))
    assert "saxpy" not in {one.name for one in corpus.functions}
    assert corpus.left_out["like a held-out function"] == 1
    assert "scale_rows" in {one.name for one in corpus.functions}


def test_a_repository_of_held_out_copies_is_left_out_whole(collected):
    vectors = next(one for one in collected[0] if one.repository == "some/vectors")
    held = [vectors.functions[0].signatures]
    three = vectors.model_copy(update={"functions": (*vectors.functions[:1] * 3, *vectors.functions[1:])})
    corpus = assemble([three], frozenset(), HeldOutFunctions([one.plain for one in held], [one.numbered for one in held]))
    assert corpus.functions == []
    assert corpus.left_out["in a repository like the held-out functions"] == len(three.functions)


def test_excluded_repositories_give_nothing(collected):
    corpus = assemble(collected[0], frozenset({"Some_Vectors"}), NOBODY)
    assert {one.repository for one in corpus.functions} == {"some/rows"}


def test_a_corpus_is_read_back_and_one_made_otherwise_is_refused(collected, mirrors, tmp_path):
    sources = read_sources(mirrors / "commits.tsv")
    origin = made_from(sources, frozenset(), NOBODY)
    assert read_corpus(tmp_path, origin) is None
    corpus = assemble(collected[0], frozenset(), NOBODY)
    write_corpus(corpus, tmp_path, NOBODY, origin)
    assert read_corpus(tmp_path, origin) == corpus.functions
    with pytest.raises(Conflict, match="held out"):
        read_corpus(tmp_path, made_from(sources, frozenset(), read_held_out([])))


def test_pairs_and_their_signatures_leave_out_the_same(tmp_path):
    pairs = tmp_path / "pairs.jsonl"
    pairs.write_text(json.dumps({"id": 7, "cpp_code": RENAMED}) + "\n")
    assert main([str(pairs), "-o", str(tmp_path / "kept.json")]) == 0
    assert "ALPHA" not in (tmp_path / "kept.json").read_text()
    of_pairs = read_held_out([pairs], committed=False)
    of_signatures = read_held_out([tmp_path / "kept.json"], committed=False)
    assert of_pairs.digest == of_signatures.digest
    assert of_pairs.is_like(signatures_of(SAXPY))
    assert not of_pairs.copies(signatures_of(SAXPY))


def test_the_committed_signatures_are_those_of_the_development_pairs():
    assert read_held_out([]).size == 117


def test_what_holds_no_pairs_is_refused(tmp_path):
    (tmp_path / "pairs.jsonl").write_text('{"id": 1}\n')
    with pytest.raises(InvalidInput, match="cpp_code"):
        read_held_out([tmp_path / "pairs.jsonl"])
