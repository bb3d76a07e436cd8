"""Which variables hold the rank and the number of ranks, and which conditions are about them.

Limits: told by name and use, so an unusual program may be misread; whoever proposes on this ground is verified by running.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

from codepar.mpi.facts import READS, WRITES, Facts, Guard, Use
from codepar.syntax.tree import Function
from codepar.syntax.variables import Variable

_RANK_NAME = re.compile(
    r"(?:^|_)(?:rank|me|myid|mype|pid|procid|tid|taskid|iam|id|mynode|nodeid|myproc|whoami)(?:$|_)|rank|my_?(?:id|node|proc|task|pe)"
    r"|(?:proc|process|task|node|pe|worker)_?(?:id|num)$",
    re.IGNORECASE,
)
_SIZE_NAME = re.compile(
    r"size|(?:^|_)(?:np|nproc|nprocs|npes|p|n_?ranks|ntasks|procs|processes|sz|nodes|nnodes|numnodes|numtasks)(?:$|_)"
    r"|(?:num|n|no|total|number|count)_?(?:of_?)?(?:proc|task|rank|pe|node|worker|thread)",
    re.IGNORECASE,
)
_PLAIN_SIZE = re.compile(
    r"(?:world_?|comm_?|mpi_?|num_?|n)?(?:size|sz|procs?|tasks|ranks|nodes)|numprocs|nprocs|numtasks|ntasks|npes|num_?procs|np",
    re.IGNORECASE,
)
_INTEGER = re.compile(r"^(?:const |static |signed |unsigned )*(?:int|long|size_t|int32_t|unsigned)\b")
_NEUTRAL = re.compile(r"[({ ]*-?[01][)} ]*")
_ROOT = r"(?:0|[A-Z_]*(?:ROOT|MASTER|MAIN)[A-Z_]*|root|master)"


@dataclass(frozen=True)
class Roles:
    """The names of rank and size variables of one function."""

    facts: Facts
    function: Function

    @cached_property
    def open_scalars(self) -> list[Variable]:
        """Integers that the function declares and reads but nobody writes."""
        return [v for v in self.facts.variables(self.function) if is_integer(v) and self._is_open(v)]

    def _is_open(self, variable: Variable) -> bool:
        if variable.is_parameter:
            return False
        scope = None if self._is_global(variable) else self.function.name
        uses = self.facts.of(variable.name, scope)
        if any(_gives_value(use, variable) for use in uses):
            return False
        # Most programs ask for the number of ranks, needed or not; what is called so was declared for that.
        return any(use.kind in READS for use in uses) or bool(_PLAIN_SIZE.fullmatch(variable.name))

    def _is_global(self, variable: Variable) -> bool:
        return not (self.function.first_line <= variable.line <= self.function.last_line)

    @cached_property
    def rank(self) -> Variable | None:
        """The open integer that is most like a rank."""
        return _best(self.open_scalars, self._rank_score)

    @cached_property
    def size(self) -> Variable | None:
        """The open integer, other than the rank, that is most like a number of ranks."""
        others = [v for v in self.open_scalars if self.rank is None or v.name != self.rank.name]
        found = _best(others, self._size_score)
        beside = len(others) == 1 and self.rank is not None and abs(others[0].line - self.rank.line) <= 3
        # The only other integer that nobody fills, declared beside the rank: what a misspelt name leaves.
        return found or (others[0] if beside and not self._guarded(others[0]) else None)

    def _guarded(self, variable: Variable) -> bool:
        """Whether a variable is read under rank conditions only, as a received value is."""
        uses = [use for use in self.facts.of(variable.name, self.function.name) if use.kind in READS]
        return all(self.rank is not None and any(self.rank.name in guard.condition for guard in use.guards) for use in uses)

    def _rank_score(self, variable: Variable) -> float:
        text = self._text
        name = re.escape(variable.name)
        score = 2.0 * bool(_RANK_NAME.search(variable.name)) - 2.0 * is_size_name(variable.name)
        score += bool(re.search(rf"\b{name}\s*[!=]=\s*{_ROOT}\b", text)) or bool(re.search(rf"[(!]\s*{name}\s*\)", text))
        score += 0.5 * bool(re.search(rf"\b{name}\s*[-+%*]", text))
        return score - 0.5 * bool(re.search(rf"<\s*{name}\b", text))

    def _size_score(self, variable: Variable) -> float:
        text = self._text
        name = re.escape(variable.name)
        score = 2.0 * is_size_name(variable.name) - 1.0 * bool(_RANK_NAME.search(variable.name))
        score += bool(re.search(rf"<=?\s*{name}\b|[%/]\s*{name}\b", text))
        return score + 0.5 * bool(re.search(rf"\b{name}\s*-\s*1\b|\b{name}\s*[!<]=?\s*\d", text))

    @cached_property
    def _text(self) -> str:
        span = self.function.span
        return self.facts.tree.data[span.start : span.end].decode(errors="replace")

    @cached_property
    def rank_names(self) -> frozenset[str]:
        """The rank variable, and names that read like one (a parameter, or one that is already filled)."""
        named = {v.name for v in self.facts.variables(self.function) if is_integer(v) and is_rank_name(v.name)}
        return frozenset(named | ({self.rank.name} if self.rank else set()))

    @cached_property
    def size_names(self) -> frozenset[str]:
        named = {v.name for v in self.facts.variables(self.function) if is_integer(v) and is_size_name(v.name)}
        chosen = {self.size.name} if self.size else named
        return frozenset(chosen - ({self.rank.name} if self.rank else set()))

    def guard_rank(self, guard: Guard) -> str | None:
        """The rank that a branch is for (``"0"``, ``"1"``, ``"size - 1"``), when its condition is an equality."""
        condition = guard.condition
        for name in self.rank_names:
            equal = re.fullmatch(rf"{name}\s*(==|!=)\s*([\w\s+-]+)|([\w\s+-]+?)\s*(==|!=)\s*{name}", condition)
            if equal and ((equal[1] or equal[4]) == "==") != guard.negated:
                return " ".join((equal[2] or equal[3]).split())
            if condition in {name, f"{name} > 0", f"{name} >= 1"} and guard.negated:
                return "0"
            if re.fullmatch(rf"!\s*{name}|{name}\s*<\s*1", condition) and not guard.negated:
                return "0"
        return None

    def is_root_guard(self, guard: Guard) -> bool:
        found = self.guard_rank(guard)
        return found is not None and re.fullmatch(_ROOT, found) is not None

    def mentions_rank(self, guard: Guard) -> bool:
        return any(re.search(rf"\b{name}\b", guard.condition) for name in self.rank_names)

    def on_root_only(self, use: Use) -> bool:
        return any(self.is_root_guard(guard) for guard in use.guards)

    def on_some_ranks(self, use: Use) -> bool:
        return any(self.mentions_rank(guard) for guard in use.guards)


def _gives_value(use: Use, variable: Variable) -> bool:
    """Whether a use writes; a rank or size that is declared as 0 still waits for its call."""
    if use.kind not in WRITES:
        return False
    waits = use.line == variable.line and _NEUTRAL.fullmatch(use.value.strip()) is not None
    return not (waits and (is_rank_name(variable.name) or is_size_name(variable.name)))


def is_rank_name(name: str) -> bool:
    """Whether a name reads like that of a rank."""
    return bool(_RANK_NAME.search(name)) and not is_size_name(name)


def is_size_name(name: str) -> bool:
    """Whether a name reads like that of a number of ranks."""
    return bool(_SIZE_NAME.search(name))


def is_integer(variable: Variable) -> bool:
    """A plain integer, neither pointer nor array."""
    return not variable.pointer_depth and not variable.dimensions and bool(_INTEGER.match(variable.type))


def _best(variables: Iterable[Variable], score: Callable[[Variable], float]) -> Variable | None:
    scored = [(score(variable), variable) for variable in variables]
    best = max(scored, key=lambda pair: pair[0], default=None)
    return best[1] if best and best[0] > 0.9 else None
