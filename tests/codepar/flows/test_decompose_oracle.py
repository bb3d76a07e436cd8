"""Which file judges an MPI completion: a companion by its name, one that the request calls right, else none."""

import asyncio

import pytest

from codepar.flows.decompose import decompose
from codepar.flows.decompose_oracle import companion_of
from codepar.flows.decompose_request import DecompositionRequest
from codepar.protocols import SilentProgress

BARE = "#include <mpi.h>\n#include <stdio.h>\nint main(int argc, char **argv)\n{\n    return 0;\n}\n"
SERIAL = "#include <stdio.h>\nint main(void)\n{\n    return 0;\n}\n"
REFERENCE = BARE.replace("    return", "    MPI_Init(&argc, &argv);\n    return")
PART = "#include <stdio.h>\nint part(void)\n{\n    return 0;\n}\n"


@pytest.mark.parametrize(
    ("path", "others", "words", "kind"),
    [
        ("pi.c", {"pi_serial.c": SERIAL}, "", "serial"),
        ("pi.c", {"serial/pi.c": SERIAL}, "", "serial"),
        ("src/pi.c", {"src/pi_seq.c": SERIAL}, "", "serial"),
        ("pi_mpi.c", {"pi.c": SERIAL}, "", "serial"),
        ("pi.c", {"pi_ref.c": REFERENCE}, "", "reference"),
        ("pi.c", {"pi_ref.c": BARE}, "", None),
        ("pi.c", {"heat_serial.c": SERIAL}, "", None),
        ("pi.c", {"pi_serial.cpp": SERIAL}, "", None),
        ("pi.c", {"pi_serial.c": PART}, "", None),
        ("pi.c", {"gold.c": SERIAL}, "It must print the same output as gold.c.", "serial"),
        ("pi.c", {"gold.c": REFERENCE}, "gold.c is the original program", "reference"),
        ("pi.c", {"gold.c": SERIAL}, "Look at gold.c, too.", None),
        ("pi.c", {}, "The same output at every number of ranks, please.", "invariant"),
        ("pi.c", {}, "", None),
    ],
)
def test_the_companion(path, others, words, kind):
    found = companion_of(path, {path: BARE, **others}, words)
    assert (None if found is None else next(iter(found.options))) == kind


def test_of_several_completions_none_is_judged_by_a_file_that_may_be_another_ones():
    texts = {"a.c": BARE, "b.c": BARE, "gold.c": SERIAL, "b_serial.c": SERIAL}
    words = "the output of gold.c is what is right; compare with gold.c"
    assert companion_of("a.c", texts, words, others=frozenset({"b.c"})) is None
    found = companion_of("b.c", texts, words, others=frozenset({"a.c"}))
    assert found is not None
    assert "b_serial.c" in found.said


@pytest.mark.timeout(300)
def test_a_completion_is_verified_by_its_sequential_program(flow_settings, boxed):
    bare = """#include <mpi.h>
#include <stdio.h>
int main(int argc, char **argv)
{
    int rank, size, total;
    int mine = 1;
    for (int i = rank; i < 10; i += size)
        mine += 0;
    if (rank == 0)
        printf("ten\\n");
    return 0;
}
"""
    plain = '#include <stdio.h>\nint main(void)\n{\n    printf("ten\\n");\n    return 0;\n}\n'
    files = {"a.c": bare, "b.c": bare.replace("ten", "two"), "a_serial.c": plain}
    options = {"run": True, "split": "always"}
    body = {"prompt": "Add the MPI calls to a.c and b.c.", "files": files, "options": options}
    asked = DecompositionRequest.model_validate(body)
    result = asyncio.run(decompose(asked, None, boxed, SilentProgress(), flow_settings))
    first, second = result.answers
    assert (first.verified, "judged by the sequential program a_serial.c" in first.answer) == (True, True)
    assert second.verified is False
    assert "attach the sequential program" in second.why
