"""Programs in which MPI calls stand in every place that the syntax has."""

from __future__ import annotations

import re

import pytest

C_PROGRAM = """#include <mpi.h>
#define CHECK(call) do { int e = (call); if (e) MPI_Abort(MPI_COMM_WORLD, e); } while (0)
#define SEND(b) MPI_Send(b, 1, MPI_INT, 0, 0, MPI_COMM_WORLD)
#define BOTH(x) \\
  MPI_Bcast(x, 1, \\
            MPI_INT, 0, MPI_COMM_WORLD); \\
  MPI_Barrier(MPI_COMM_WORLD)

/* MPI_Send(in a comment); */
static double helper(int *a, int n)
{
\tdouble t0 = MPI_Wtime(), half = n/MPI_Wtime()/2;
\tMPI_Barrier(MPI_COMM_WORLD); MPI_Barrier(MPI_COMM_WORLD);
\tn++; MPI_Barrier(MPI_COMM_WORLD); a[0] = n;MPI_Barrier(MPI_COMM_WORLD);   // MPI_Barrier again
\treturn MPI_Wtime() - t0 + half;
}

int main(int argc, char **argv)
{
  int rank, flag; int err; MPI_Status st; MPI_Request rq;
  CHECK(MPI_Init(&argc, &argv));
  if (MPI_Comm_rank(MPI_COMM_WORLD, &rank) != MPI_SUCCESS) return MPI_Abort(MPI_COMM_WORLD, 1);
  err = MPI_Comm_size(MPI_COMM_WORLD,
                      &flag);      /* two lines */
  (void)MPI_Barrier(MPI_COMM_WORLD);
  if (rank == 0) MPI_Send(&rank, 1, MPI_INT, 1, 0, MPI_COMM_WORLD);
  else
    MPI_Recv(&rank, 1, MPI_INT, 0, 0, MPI_COMM_WORLD, &st);
  for (MPI_Barrier(MPI_COMM_WORLD); MPI_Test(&rq, &flag, &st), !flag; MPI_Barrier(MPI_COMM_WORLD))
    MPI_Barrier(MPI_COMM_WORLD);
  while (flag) MPI_Test(&rq, &flag, &st);
  do MPI_Test(&rq, &flag, &st); while (flag);
  switch (rank) {
  case 0: MPI_Barrier(MPI_COMM_WORLD); break;
  default:
    MPI_Barrier(MPI_COMM_WORLD);
  }
#ifdef TRACE
  MPI_Pcontrol(1, "MPI_Send(in a string)");
#else
  MPI_Pcontrol(0);
#endif
  if (flag)
#ifdef TRACE
    MPI_Pcontrol(2);
#else
    MPI_Pcontrol(3);
#endif
  MPI_Send(&rank,
#ifdef TRACE
           1,
#else
           2,
#endif
           MPI_INT, 1, 0, MPI_COMM_WORLD);
#pragma omp single
  MPI_Barrier(MPI_COMM_WORLD);
  { MPI_Barrier(MPI_COMM_WORLD); }
  helper(&rank, 1), MPI_Barrier(MPI_COMM_WORLD);
  err = flag ? MPI_Wait(&rq, &st) : PMPI_Wait(&rq, &st);
  SEND(&rank); BOTH(&rank);
  MPI_Send(&rank, (int)MPI_Aint_diff(4, 3), MPI_INT, 1, 0, MPI_COMM_WORLD);
end: MPI_Barrier(MPI_COMM_WORLD);
  return MPI_Finalize();
}
"""

CXX_PROGRAM = """#include <mpi.h>
#include <vector>
namespace grid {
template <class T> struct Cell {
  Cell() { MPI_Init(nullptr, nullptr); }
  explicit Cell(double t) : start(t), now{MPI_Wtime()} {}
  void send(const T &x) const { MPI_Send(&x, 1, MPI_INT, std::pair<int, int>{1, 2}.first, 0, MPI_COMM_WORLD); }
  double start, now;
};
}
int main() {
  auto wait = [](MPI_Request &r) { MPI_Wait(&r, MPI_STATUS_IGNORE); return MPI_Wtime(); };
  const char *raw = R"x(MPI_Send("); )x";
  int thousand = 1'000;
  for (auto n : std::vector<int>{1, 2}) MPI_Barrier(MPI_COMM_WORLD);
  ::MPI_Barrier(MPI_COMM_WORLD);
  try { throw MPI_Wtime(); } catch (double) { MPI_Abort(MPI_COMM_WORLD, thousand); }
  MPI::COMM_WORLD.Barrier();
  int rank = MPI::COMM_WORLD.Get_rank();
  MPI::Intracomm half = MPI::COMM_WORLD.Split(0, rank);
  half.Barrier();
  MPI::Finalize();
}
"""

# What the grammar cannot read either: conditionals amid a statement.
_UNREADABLE = re.compile(r"  if \(flag\)\n#ifdef.*?#endif\n|  MPI_Send\(&rank,\n#ifdef.*?#endif\n[^\n]*\n", re.DOTALL)


@pytest.fixture(params=["c", "cxx"])
def readable_program(request) -> tuple[str, str]:
    """A program that the grammar reads without an error, and a file name for it."""
    return (_UNREADABLE.sub("", C_PROGRAM), "a.c") if request.param == "c" else (CXX_PROGRAM, "a.cpp")


_OPAQUE = re.compile(r'R"x\(.*?\)x"|//[^\n]*|/\*.*?\*/|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\'', re.DOTALL)
_CALL = re.compile(r"\bP?MPI_[A-Z][a-z]\w*\s*\(|\bMPI::(?:\w+\.)?\w+\s*\(")


@pytest.fixture(params=["c", "cxx", "crlf", "no final newline", "not ascii"])
def program(request) -> tuple[str, str]:
    """The text of a program and a file name for it."""
    texts = {
        "c": (C_PROGRAM, "a.c"),
        "cxx": (CXX_PROGRAM, "a.cpp"),
        "crlf": (C_PROGRAM.replace("\n", "\r\n"), "a.c"),
        "no final newline": (C_PROGRAM + "int last(void) { return 0; }\nMPI_Finalize();", "a.c"),
        "not ascii": (C_PROGRAM.replace("/* two lines */", "/* zwei Zeilen: äöü 日本 */").replace("in a string", "é"), "a.c"),
    }
    return texts[request.param]


@pytest.fixture
def calls_left():
    """Finds MPI calls in code without using the package."""
    return lambda text: _CALL.findall(_OPAQUE.sub('""', text))
