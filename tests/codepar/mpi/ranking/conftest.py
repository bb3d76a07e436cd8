"""One program with the kinds of variables that arguments are made of."""

from __future__ import annotations

import pytest

from codepar.mpi.facts import Facts
from codepar.mpi.headers import load_signatures
from codepar.mpi.ranking.scene import Scene
from codepar.syntax.language import Language
from codepar.syntax.tree import parse

PROGRAM = """#include <mpi.h>
#include <stdlib.h>
#define ROWS 10
void helper(double *v) { v[0] = 1.0; }
int main(int argc, char **argv)
{
  int rank, size, n = 100, i;
  int table[ROWS][20];
  char name[64];
  double *all = malloc(n * sizeof(double));
  double *part = (double *)calloc(n / size, sizeof(double));
  float sum;
  MPI_Status status;
  for (i = 0; i < n / size; i++)
    part[i] = rank + 1;
  if (rank == 0) {
    all[0] = sum;
  } else {
    helper(part);
  }
  return table[0][0];
}
"""


@pytest.fixture(scope="session")
def program():
    return PROGRAM


@pytest.fixture(scope="session")
def signatures():
    return load_signatures()


@pytest.fixture
def scene(signatures):
    return Scene(Facts(parse(PROGRAM, Language.C)), signatures)
