"""From the programs of a corpus to what an argument ranker learns: for each argument its candidates, and which one stood there.

No repository gives more than its share of calls, and of the calls that every program has only a few. Limits: an argument that is
no candidate teaches nothing; of many candidates a random part stands for the others.
"""

from __future__ import annotations

import random
from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from codepar.mpi.facts import Facts
from codepar.mpi.headers import Signatures
from codepar.mpi.ranking.attributes import Describer, contexts
from codepar.mpi.ranking.candidates import Candidate, Vocabulary, candidates_of, role_of
from codepar.mpi.ranking.scene import TOKEN, PastCall, Scene, Spot, compact, names_of
from codepar.mpi.ranking.weights import hash_of
from codepar.mpi.stripped import RemovedCall, Stripped
from codepar.syntax.tree import parse

_BOILERPLATE = frozenset({"MPI_Init", "MPI_Comm_rank", "MPI_Comm_size", "MPI_Barrier", "MPI_Abort"})
_MOST_CONSTANTS = 30
_MOST_SHAPES = 40
_SHAPE_TOKENS = frozenset(
    {"R", "S", "L", "i", "a", "aa", "p", "pp", "0", "1", "2", "&", "[", "]", "(", ")", "+", "-", "*", "/", "%"}
)


@dataclass(frozen=True)
class Shares:
    """How much of one repository is learned from: calls in all, calls of one that every program has."""

    calls: int = 150
    boilerplate: int = 15


@dataclass(frozen=True)
class ProgramText:
    """A stripped program of a repository. ``is_expanded``: it is learned from as if a preprocessor had been over it."""

    repository: str
    path: str
    stripped: Stripped
    is_expanded: bool | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """One argument: the attributes of all candidates (CRC-32 each), how many each has, the contexts, which candidate is right."""

    repository: str
    function: str
    index: int
    contexts: tuple[int, ...]
    attributes: array[int]
    lengths: array[int]
    right: int


@dataclass
class Extraction:
    """Decisions, and how many arguments were among the candidates, by function and position."""

    decisions: list[Decision] = field(default_factory=list)
    wanted: Counter[str] = field(default_factory=Counter)
    covered: Counter[str] = field(default_factory=Counter)

    def add(self, other: Extraction) -> None:
        """Take in what another program gave."""
        self.decisions += other.decisions
        self.wanted += other.wanted
        self.covered += other.covered


def spots_of(program: ProgramText, signatures: Signatures) -> Iterator[tuple[Spot, RemovedCall]]:
    """The calls of a program, each at its place with those before it whole."""
    scene = Scene(Facts(parse(program.stripped.source, path=program.path)), signatures, is_expanded=program.is_expanded)
    past: list[PastCall] = []
    for call in program.stripped.calls:
        signature = signatures.get(call.function)
        if signature is None or len(signature.parameters) != len(call.arguments):
            continue
        own = tuple("0" if text == "NULL" and scene.is_expanded else text for text in call.arguments)
        yield Spot(scene, call.function, call.span[0], tuple(past)), call.model_copy(update={"arguments": own})
        past.append(PastCall(call.function, own, call.span[0]))


def shared(programs: Sequence[ProgramText], shares: Shares, seed: int) -> dict[int, set[int]]:
    """Which calls of which program are learned from: numbers of calls by number of program."""
    order = list(range(len(programs)))
    random.Random(seed).shuffle(order)
    used: Counter[str] = Counter()
    used_of: Counter[tuple[str, str]] = Counter()
    chosen: dict[int, set[int]] = defaultdict(set)
    for number in order:
        repository = programs[number].repository
        for place, call in enumerate(programs[number].stripped.calls):
            if not call.arguments or used[repository] >= shares.calls:
                continue
            if call.function in _BOILERPLATE and used_of[repository, call.function] >= shares.boilerplate:
                continue
            used[repository] += 1
            used_of[repository, call.function] += 1
            chosen[number].add(place)
    return chosen


def vocabulary_of(programs: Sequence[ProgramText], signatures: Signatures) -> Vocabulary:
    """Arguments without variables and shapes of arguments that at least two repositories have."""
    constants: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    shapes: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for program in programs:
        for spot, call in spots_of(program, signatures):
            for index, (parameter, text) in enumerate(zip(spot.signature.parameters, call.arguments, strict=True)):
                plain = " ".join(text.split())
                if all(name.startswith("MPI_") for name in names_of(plain)) and '"' not in plain and "/*" not in plain:
                    constants[f"{call.function}#{index}"][plain].add(program.repository)
                elif is_composed(shape := spot.shape(plain)):
                    shapes[role_of(parameter)][shape].add(program.repository)
    return Vocabulary(_most_spread(constants, _MOST_CONSTANTS), _most_spread(shapes, _MOST_SHAPES))


def is_composed(shape: str) -> bool:
    """Whether a shape is made of variables of a place and can be made again at another."""
    tokens = TOKEN.findall(shape)
    free = [token for token in tokens if token[0] in "iap"]
    return len(tokens) > 1 and set(tokens) <= _SHAPE_TOKENS and len(set(tokens) - {"&"}) > 1 and len(free) <= 2


def _most_spread(counted: dict[str, dict[str, set[str]]], most: int) -> dict[str, list[str]]:
    found = {}
    for name in sorted(counted):
        spread = sorted(counted[name].items(), key=lambda pair: (-len(pair[1]), pair[0]))
        texts = [text for text, repositories in spread[:most] if len(repositories) > 1]
        if texts:
            found[name] = texts
    return found


@dataclass(frozen=True)
class Extractor:
    """Makes decisions of calls; at most ``most`` candidates of a decision are kept, at random."""

    signatures: Signatures
    vocabulary: Vocabulary
    most: int
    random: random.Random

    def decisions_of(self, program: ProgramText, chosen: Iterable[int]) -> Extraction:
        """The decisions of the chosen calls of one program."""
        calls = [program.stripped.calls[number] for number in chosen]
        places = {(*call.span, call.function) for call in calls}
        found = Extraction()
        for spot, call in spots_of(program, self.signatures):
            if (*call.span, call.function) in places:
                self._add(found, program.repository, spot, call)
        return found

    def _add(self, found: Extraction, repository: str, spot: Spot, call: RemovedCall) -> None:
        describer = Describer(spot)
        for index, parameter in enumerate(spot.signature.parameters):
            chosen = call.arguments[:index]
            key = compact(call.arguments[index])
            candidates = candidates_of(spot, index, chosen, self.vocabulary)
            right = next((one for one in candidates if one.key == key), None)
            name = f"{call.function}#{index}"
            found.wanted[name] += 1
            if right is None:
                continue
            found.covered[name] += 1
            kept = self._kept(candidates, right)
            attributes, lengths = array("I"), array("I")
            for one in kept:
                texts = [*describer.static(one, parameter, index), *describer.dynamic(one, parameter, chosen)]
                attributes.extend(map(hash_of, texts))
                lengths.append(len(texts))
            places = tuple(hash_of(text) for text in contexts(spot, parameter, index))
            found.decisions.append(Decision(repository, call.function, index, places, attributes, lengths, kept.index(right)))

    def _kept(self, candidates: list[Candidate], right: Candidate) -> list[Candidate]:
        if len(candidates) <= self.most:
            return candidates
        others = [one for one in candidates if one is not right]
        return [right, *self.random.sample(others, self.most - 1)]
