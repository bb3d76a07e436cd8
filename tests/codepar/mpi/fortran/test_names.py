import re
import sys
from pathlib import Path

import pytest

from codepar.mpi.fortran.names import FUNCTIONS, PROCEDURES

# What C alone has: handles converted, tools, types that look like functions, MPICH's own extensions.
_C_ONLY = re.compile(r"_c$|^t_|f2c$|c2f$|f08|f2f|toint$|fromint$|^abi_|_fn$|_function")


def test_every_procedure_of_the_header_is_known():
    header = Path(sys.prefix, "include", "mpi_proto.h")
    if not header.is_file():
        pytest.skip("no MPICH in this environment")
    declared = {name.lower() for name in re.findall(r"\bint MPI_([A-Z]\w*)\s*\(", header.read_text())}
    wanted = {name for name in declared if not _C_ONLY.search(name)}
    assert len(wanted) > 350
    assert wanted <= PROCEDURES | set(FUNCTIONS)
