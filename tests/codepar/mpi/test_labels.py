from hypothesis import given
from hypothesis import strategies as st

from codepar.mpi.labels import Label, decode_labels, encode_labels

ARGUMENTS = st.sampled_from(["&x", "n * (m + 1)", 'f("a)(", 1)', "')'", "MPI_COMM_WORLD", "a[i][0]", "(int *) p", '"\\")"'])
CALLS = st.lists(ARGUMENTS, max_size=6).map(lambda arguments: f"MPI_Call({', '.join(arguments)});")
LABELS = st.lists(st.builds(Label, st.integers(0, 9999), st.integers(0, 40), CALLS), max_size=8)


def plain(labels):
    return [(label.line, label.ordinal, label.text) for label in labels]


@given(LABELS)
def test_decoding_gives_back_what_was_encoded(labels):
    assert plain(decode_labels(encode_labels(labels)).labels) == plain(labels)


@given(LABELS, st.data())
def test_a_cut_answer_loses_only_its_last_call(labels, data):
    text = encode_labels(labels)
    answer = decode_labels(text[: data.draw(st.integers(0, len(text)))])
    assert plain(answer.labels) == plain(labels)[: len(answer.labels)]


@given(st.text(max_size=300))
def test_anything_at_all_can_be_read(text):
    for label in decode_labels(text).labels:
        assert text[label.start : label.end].strip() == label.text


def test_twelve_ten_is_line_twelve_tenth_call():
    assert plain(decode_labels("parallel (12 10, MPI_Finalize();) (12.10, MPI_Init();)").labels) == [(12, 10, "MPI_Finalize();")]


def test_a_missing_parenthesis_does_not_swallow_the_next_call():
    labels = decode_labels("(2 1, MPI_Init(&argc, &argv;) (3 1, MPI_Finalize();)").labels
    assert [label.line for label in labels] == [2, 3]
    assert labels[1].text == "MPI_Finalize();"


def test_the_tail_of_a_cut_answer_is_kept():
    assert decode_labels("parallel (1 1, MPI_Init(0, 0);) (4 1, MPI_Send(&x").cut_off == "(4 1, MPI_Send(&x"
