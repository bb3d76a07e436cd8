"""What speaks for and against a candidate: what it is, where it is used, how it relates to the other arguments.

Each attribute is a text; the model gives it a weight in the context of the parameter (``weights``). Limits: no syntax beyond the
names and the shape of the candidate; distances are counted in lines and bytes of the text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, cached_property, lru_cache

from codepar.mpi.datatypes import agrees, datatype_of, element_type
from codepar.mpi.facts import READS, WRITES, Kind, Use
from codepar.mpi.headers import Parameter
from codepar.mpi.partners import RECEIVES, SENDS
from codepar.mpi.ranking.candidates import Candidate, kind_of
from codepar.mpi.ranking.idle import has_role, is_idle, is_meant
from codepar.mpi.ranking.scene import PastCall, Spot, compact, is_integral, letter_of, names_of

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_VARIANTS = dict.fromkeys(SENDS, "MPI_Send") | {"MPI_Irecv": "MPI_Recv"}
_NOT_VARIANTS = frozenset({"MPI_Init", "MPI_Initialized", "MPI_Init_thread", "MPI_Intercomm_create", "MPI_Intercomm_merge"}) | {
    "MPI_Is_thread_main",
    "MPI_Info_set",
    "MPI_Info_get",
    "MPI_Info_create",
    "MPI_Info_free",
    "MPI_Info_delete",
    "MPI_Info_dup",
}
_PEERS = {"dest": "source", "source": "dest"}
_BUFFERS = frozenset({"buf", "sendbuf", "recvbuf", "buffer", "origin_addr", "base", "inbuf", "outbuf", "location"})


def contexts(spot: Spot, parameter: Parameter, index: int) -> tuple[str, str, str]:
    """The three contexts in which each attribute of a candidate has a weight."""
    return (
        f"r:{parameter.name}:{kind_of(parameter)}",
        f"f:{_family(spot.function)}#{index}",
        f"s:{parameter.name}:{spot.situation}",
    )


@dataclass(frozen=True, slots=True)
class _Buffer:
    """What is known of a chosen buffer; ``letter`` is None for one that is no variable."""

    name: str
    shape: str
    letter: str | None = None
    element: str = ""
    words: frozenset[str] = frozenset()
    extents: tuple[str, ...] = ()
    bounds: frozenset[str] = frozenset()
    extent_names: frozenset[str] = frozenset()
    extent_shape: str = ""


@lru_cache(maxsize=4_096)
def _words(name: str) -> tuple[str, ...]:
    """The words that a name is made of, in small letters."""
    return tuple(word.lower() for word in _WORD.findall(name))


@cache
def _family(function: str) -> str:
    """The blocking form of a function, whose arguments mean the same."""
    if function in _VARIANTS:
        return _VARIANTS[function]
    plain = re.sub(r"^MPI_I(?=[a-z])", "MPI_", function)
    return f"MPI_{plain[4].upper()}{plain[5:]}" if plain != function and function not in _NOT_VARIANTS else function


class Describer:
    """Describes the candidates for the arguments of one call."""

    def __init__(self, spot: Spot) -> None:
        self.spot = spot
        self._of_variables: dict[str, list[str]] = {}
        self._buffers: dict[str, _Buffer] = {}
        self._beside: dict[tuple[str, str], frozenset[str] | None] = {}
        self._static: dict[tuple[int, str], list[str]] = {}
        self._made: dict[str, list[str]] = {}

    @cached_property
    def _same(self) -> PastCall | None:
        """The last call of the same function."""
        return next((call for call in reversed(self.spot.past) if call.function == self.spot.function), None)

    @cached_property
    def _last(self) -> PastCall | None:
        return self.spot.past[-1] if self.spot.past else None

    @cached_property
    def partner(self) -> PastCall | None:
        """The send that this receive, or the receive that this send most probably belongs to: the first that has none yet."""
        mine, others = (SENDS, RECEIVES) if self.spot.function in SENDS else (RECEIVES, SENDS)
        if self.spot.function not in mine:
            return None
        first, last = self.spot.within
        here = [call for call in self.spot.past if first <= call.start < last]
        waiting = [call for call in here if call.function in others]
        taken = sum(call.function in mine for call in here)
        return waiting[taken] if taken < len(waiting) else waiting[-1] if waiting else None

    @cached_property
    def _roles_before(self) -> dict[str, str]:
        """Of each name the function and parameter that it was last given to."""
        found = {}
        for call in self.spot.past:
            parameters = self.spot.scene.signatures[call.function].parameters
            for parameter, text in zip(parameters, call.arguments, strict=False):
                for name in names_of(text)[:1]:
                    near = "=" if call.start == self.spot.start else ""
                    found[name] = f"{call.function}:{parameter.name}{near}"
        return found

    def static(self, candidate: Candidate, parameter: Parameter, index: int) -> list[str]:
        """What does not depend on the arguments chosen before it."""
        known = self._static.get((index, candidate.key))
        if known is None:
            known = self._static[index, candidate.key] = self._describe_alone(candidate, parameter, index)
        return known

    def _describe_alone(self, candidate: Candidate, parameter: Parameter, index: int) -> list[str]:
        found = [f"s:{candidate.shape}", *self._presence(candidate)]
        if not candidate.base:
            found += [f"t:{candidate.key}", f"tx:{int(self.spot.scene.is_expanded)}:{candidate.key}"]
        else:
            found += self._variable(candidate.base)
            found.append(f"{candidate.shape[:6]}:{self._variable(candidate.base)[0]}")
            found += [f"h:{word}" for word in (self._roles_before.get(candidate.base, "-"),)]
        found += ["gr:rank"] * (candidate.key in self.spot.compared)
        found += self._rivals(candidate, parameter)
        found += self._history(candidate, parameter, index)
        return found

    @cached_property
    def _idle(self) -> tuple[str, ...]:
        """The integers that nothing reads; they were made for calls."""
        known = self.spot.ranks | self.spot.sizes | self.spot.counters
        integers = [name for name, one in self.spot.visible.items() if is_integral(one) and name not in known]
        return tuple(name for name in integers if is_idle(self.spot.uses_of(name)[0]))

    def _rivals(self, candidate: Candidate, parameter: Parameter) -> list[str]:
        """Whether the candidate, or only another one, is an idle integer whose name says that it is meant for the parameter."""
        if not has_role(parameter.name):
            return []
        if parameter.name not in self._made:
            self._made[parameter.name] = [name for name in self._idle if is_meant(_words(name), parameter.name)]
        made = self._made[parameter.name]
        fresh = [name for name in made if name not in self._roles_before]
        own = "own" if candidate.base in made else "some" if made else "none"
        return [f"rv:{own}:{candidate.shape}", f"rf:{'own' if candidate.base in fresh else 'some' if fresh else 'none'}"]

    def _presence(self, candidate: Candidate) -> list[str]:
        """Whether and where the candidate's text stands in the program."""
        expression = self.spot.scene.expressions.get(candidate.key.lstrip("&"))
        if expression is None:
            return ["x:-"]
        first, last = self.spot.within
        inside = [abs(place - self.spot.start) for place in expression.places if first <= place < last]
        if not inside:
            return ["x:far"]
        return [f"x:{_bucket(min(inside) // 40)}", f"xn:{min(len(inside), 4)}"]

    def _variable(self, name: str) -> list[str]:
        if name not in self._of_variables:
            self._of_variables[name] = self._describe(name)
        return self._of_variables[name]

    def _describe(self, name: str) -> list[str]:
        variable = self.spot.visible[name]
        uses, number = self.spot.uses_of(name)
        before, after = uses[:number], uses[number:]
        line = self.spot.scene.tree.data.count(b"\n", 0, self.spot.start) + 1
        last, following = _nearest(before[-1:], line), _nearest(after[:1], line)
        words = _words(name)[:4]
        written, read = any(u.kind in WRITES for u in before), any(u.kind in READS for u in after)
        ever_written = written or any(u.kind in WRITES for u in after)
        letter = self.spot.letter(name)
        found = [
            f"y:{letter}:{variable.type}",
            f"n:{name.lower()}",
            f"l:{letter}:{last}",
            f"f:{letter}:{following}",
            f"lk:{letter}:{last.partition(':')[0]}|{following.partition(':')[0]}",
            f"w:{letter}:{int(written)}{int(ever_written)}{int(read)}{int(any(u.kind in READS for u in before))}",
            f"d:{'p' if variable.is_parameter else 'g' if not self._is_local(variable.line) else _bucket(line - variable.line)}",
            f"u:{letter}:{_bucket(len(uses))}",
        ]
        found += [f"nw:{word}" for word in words]
        found.append(f"un:{letter}:{int(is_idle(uses))}{int(name in self._roles_before)}")
        last_place, next_place = self.spot.order.get(name, (9, 9))
        found += [f"rl:{letter}:{min(last_place, 4)}", f"rf:{letter}:{min(next_place, 4)}"]
        found += ["b:in"] * any(re.search(rf"\b{name}\b", branch.condition) for branch in self.spot.branches)
        found += ["o:in"] * any(name in names_of(loop.bound) for loop in self.spot.inside)
        nearby = [u for u in uses[max(number - 3, 0) : number + 3] if abs(u.line - line) <= 6]
        found += ["e:guarded"] * any(u.guards and u.kind in WRITES for u in nearby)
        found += ["q:printed"] * any(u.printed for u in after[:2])
        return found

    def _is_local(self, line: int) -> bool:
        tree = self.spot.scene.tree
        return tree.offset_after(line) > self.spot.within[0] and self.spot.within[0] > 0

    def _history(self, candidate: Candidate, parameter: Parameter, index: int) -> list[str]:
        """How the candidate compares with the same argument of earlier calls."""
        found = []
        if self._same is not None and index < len(self._same.arguments):
            near = "=" if self._same.start == self.spot.start else ""
            same = self._same.arguments[index]
            verdict = "same" if compact(same) == candidate.key else "base" if candidate.base in names_of(same) else "other"
            found.append(f"p:{near}{verdict}")
            found += self._step_from(same, candidate, near)
            if verdict == "other":
                found.append(f"ps:{near}{self.spot.shape(same)}>{candidate.shape}")
        roles = [text for name, text in self._in_role if name == parameter.name]
        if roles:
            found.append(f"pr:{'last' if roles[-1] == candidate.key else 'some' if candidate.key in roles else 'none'}")
            found += ["pr:all"] * (len(set(roles)) == 1 and roles[0] == candidate.key and len(roles) > 1)
        partner = self._partners(parameter.name)
        if partner is not None:
            same_text = compact(partner) == candidate.key
            found.append(
                f"m:{'same' if same_text else 'base' if candidate.base and candidate.base in names_of(partner) else 'other'}"
            )
            if parameter.name in _PEERS:
                found.append(f"mp:{self.spot.shape(partner)}>{candidate.shape}")
        return found

    def _step_from(self, same: str, candidate: Candidate, near: str) -> list[str]:
        """How far on in the order of declarations the candidate's variable is from that of the last call."""
        names = list(self.spot.visible)
        base = next(iter(names_of(same)), "")
        if base not in self.spot.visible or not candidate.base:
            return []
        step = names.index(candidate.base) - names.index(base)
        return [f"po:{near}{max(min(step, 3), -3)}"]

    @cached_property
    def _in_role(self) -> list[tuple[str, str]]:
        """Parameter names and arguments of the earlier calls."""
        return [
            (parameter.name, compact(text))
            for call in self.spot.past[-60:]
            for parameter, text in zip(self.spot.scene.signatures[call.function].parameters, call.arguments, strict=False)
        ]

    def _partners(self, name: str) -> str | None:
        """What the partner has for the parameter of that name."""
        if self.partner is None:
            return None
        wanted = _PEERS.get(name, name)
        parameters = self.spot.scene.signatures[self.partner.function].parameters
        return next(
            (text for parameter, text in zip(parameters, self.partner.arguments, strict=False) if parameter.name == wanted), None
        )

    def dynamic(self, candidate: Candidate, parameter: Parameter, chosen: Sequence[str]) -> list[str]:
        """How the candidate relates to the arguments before it."""
        found = []
        parameters = self.spot.signature.parameters
        for index, text in enumerate(chosen):
            if compact(text) == candidate.key:
                found.append(f"e:{index}")
            elif candidate.base and candidate.base in names_of(text):
                found.append(f"eb:{index}")
        buffers = [text for one, text in zip(parameters, chosen, strict=False) if kind_of(one) == "void*"]
        kind = kind_of(parameter)
        if not buffers:
            return found
        if kind == "MPI_Datatype":
            found += self._typed(candidate, buffers[-1], "1") + (
                self._typed(candidate, buffers[0], "2") if len(buffers) > 1 else []
            )
        elif kind == "int":
            found += self._counted(candidate, buffers[-1], "1") + (
                self._counted(candidate, buffers[0], "2") if len(buffers) > 1 else []
            )
        elif kind == "void*":
            found += self._paired(candidate, buffers[0])
        elif kind == "MPI_Op":
            words = {word for text in buffers for name in names_of(text) for word in _words(name)}
            found += [f"op:{word}|{candidate.key}" for word in sorted(words)[:6]]
        return found

    def _typed(self, candidate: Candidate, buffer: str, mark: str) -> list[str]:
        name = next(iter(names_of(buffer)), "")
        variable = self.spot.visible.get(name)
        if variable is None:
            return [f"ty{mark}:{buffer if buffer.startswith('MPI') else '?'}|{candidate.key}"]
        found = [f"ty{mark}:{element_type(variable)}|{candidate.key}"]
        signatures = self.spot.scene.signatures
        may = "may" if agrees(candidate.key, variable, signatures) else "not"
        found.append(f"tr{mark}:{'right' if datatype_of(variable, signatures) == candidate.key else may}")
        return found + self._as_with(candidate, name, "MPI_Datatype", mark)

    def _counted(self, candidate: Candidate, buffer: str, mark: str) -> list[str]:
        known = self._buffer(buffer)
        found = [f"c{mark}:{known.shape}|{candidate.shape}"]
        if known.letter is None:
            return found
        names = names_of(candidate.text)
        own = any(word in known.words for one in names for word in _words(one))
        found.append(f"ct{mark}:{known.letter}:{known.element}|{candidate.shape}")
        found.append(f"cv{mark}:{known.letter}:{'shared' if own else 'none'}:{candidate.shape[:5]}")
        extents, bounds = known.extents, known.bounds
        how = f"{'x' if candidate.key in extents else '-'}{'b' if candidate.key in bounds else '-'}"
        found.append(f"cx{mark}:{known.letter}:{how}:{int(bool(extents))}{int(bool(bounds))}")
        if extents and candidate.key not in extents:
            shared = any(name in known.extent_names for name in names)
            found.append(f"cs{mark}:{'shared' if shared else 'none'}:{candidate.shape}")
            found.append(f"ce{mark}:{known.extent_shape}>{candidate.shape}")
        return found + self._as_with(candidate, known.name, "int", mark)

    def _buffer(self, text: str) -> _Buffer:
        if text not in self._buffers:
            self._buffers[text] = self._look_at(text)
        return self._buffers[text]

    def _look_at(self, text: str) -> _Buffer:
        name = next(iter(names_of(text)), "")
        shape = self.spot.shape(text)
        variable = self.spot.visible.get(name)
        if variable is None:
            return _Buffer(name, shape)
        extents, bounds = self.spot.scene.extents(variable), self.spot.scene.bounds(variable)
        return _Buffer(
            name,
            shape,
            letter_of(variable),
            element_type(variable),
            frozenset(_words(name)),
            tuple(map(compact, extents)),
            frozenset(map(compact, bounds)),
            frozenset(names_of(extents[0])) if extents else frozenset(),
            self.spot.shape(extents[0]) if extents else "",
        )

    def _as_with(self, candidate: Candidate, name: str, kind: str, mark: str) -> list[str]:
        """Whether the last call about the same buffer had the candidate too."""
        texts = self._given_with(name, kind)
        return [] if texts is None else [f"cw{mark}:{'same' if candidate.key in texts else 'other'}"]

    def _given_with(self, name: str, kind: str) -> frozenset[str] | None:
        if (name, kind) not in self._beside:
            self._beside[name, kind] = self._look_back(name, kind)
        return self._beside[name, kind]

    def _look_back(self, name: str, kind: str) -> frozenset[str] | None:
        for call in reversed(self.spot.past):
            if any(name in names_of(text)[:1] for text in call.arguments[:4]):
                parameters = self.spot.scene.signatures[call.function].parameters
                given = zip(parameters, call.arguments, strict=False)
                return frozenset(compact(text) for one, text in given if kind_of(one) == kind)
        return None

    def _paired(self, candidate: Candidate, buffer: str) -> list[str]:
        """Of two buffers of one call: their types, shapes and names."""
        first, second = self.spot.visible.get(next(iter(names_of(buffer)), "")), self.spot.visible.get(candidate.base)
        found = [f"2s:{self.spot.shape(buffer)}|{candidate.shape}"]
        if first is None or second is None:
            return found
        found.append(f"2t:{'same' if element_type(first) == element_type(second) else 'other'}")
        one, other = set(_words(first.name)), set(_words(second.name))
        found.append(f"2n:{'self' if first == second else 'shared' if one & other else 'none'}")
        return [*found, *(f"2w:{word}" for word in sorted(one ^ other)[:4])]


def _nearest(uses: Sequence[Use], line: int) -> str:
    """The kind and distance of a use."""
    if not uses:
        return "none"
    use = uses[0]
    kind = "A" if use.kind is Kind.ALLOCATE else use.kind.value
    return f"{kind}{'!' if use.guards else ''}:{_bucket(abs(use.line - line))}"


def _bucket(number: int) -> int:
    """Small numbers as they are, others by their power of two."""
    return number if number < 3 else 2 + (number - 1).bit_length()
