from codepar.mpi.fortran.pieces import closing, headed, split_top


def test_lists_are_split_outside_of_brackets():
    assert split_top("a(1,2), b, [3,4]") == ["a(1,2)", " b", " [3,4]"]
    assert split_top("  ") == []


def test_the_parenthesis_that_closes():
    assert closing("f(a(b)c)d", 1) == 7
    assert closing("f(a", 1) == 2


def test_a_word_with_parentheses():
    assert headed("if (a(1) > 2) then", "if") == ("a(1) > 2", "then")
    assert headed("iffy = 2", "if") is None
