#!/bin/sh
# From a program without its MPI calls to a verified completion. Started by `make demo`, which sets up .venv first.
set -eu
cd "$(dirname "$0")/.."
codepar=.venv/bin/codepar
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

echo "== 1. The MPI calls of examples/pi/pi_mpi.c are taken out"
$codepar mpi strip examples/pi/pi_mpi.c > "$work/pi.c"
diff examples/pi/pi_mpi.c "$work/pi.c" || true

echo
echo "== 2. codepar proposes calls, compiles and runs the result at 1, 2 and 4 ranks, and compares it with the original"
$codepar mpi complete "$work/pi.c" --reference examples/pi/pi_mpi.c --np 1,2,4 > "$work/completed.c"

echo
echo "== 3. What it added"
diff "$work/pi.c" "$work/completed.c" || true
