"""What a proposed call must satisfy, and how a near miss is repaired: name, arity, place, scope, address, datatype.

Each rule takes a call and returns it, perhaps repaired, or raises ``RuleBroken`` with its name and the reason. Limits: a call
that passes is well formed, not necessarily the right one; that is what running it is for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from codepar.mpi.call_text import CallText, names_in, read_call
from codepar.mpi.datatypes import agrees, buffers_with_datatypes, datatype_of
from codepar.mpi.facts import Facts
from codepar.mpi.headers import Signature, Signatures
from codepar.mpi.holes import find_holes
from codepar.mpi.places import statement_at
from codepar.mpi.roles import Roles
from codepar.mpi.rules_types import as_buffer, misfit
from codepar.syntax.language import Language
from codepar.syntax.tree import Function, SyntaxTree
from codepar.syntax.variables import Variable

_PLAIN = re.compile(r"[A-Za-z_]\w*")
_ADDRESS = re.compile(r"&\s*([A-Za-z_]\w*)")
_FAR = 8
"""Lines that a call may be moved to reach a legal place; farther off, the model meant something else."""


class RuleBroken(Exception):
    """A proposed call breaks a rule beyond repair."""


@dataclass(frozen=True)
class Placed:
    """A call and the line it goes after."""

    after_line: int
    call: CallText


@dataclass(frozen=True)
class Rules:
    """The rules for one file. ``declares``: a status, request or other handle that is not in scope may be declared for a call."""

    facts: Facts
    signatures: Signatures
    declares: bool = False

    def check(self, after_line: int, text: str, inline: bool) -> Placed:
        """Pass one proposal through all rules. Raises ``RuleBroken``."""
        call = read_call(text)
        if call is None:
            raise RuleBroken("syntax: not one MPI call")
        call = self._arity(self._name(call))
        line = after_line
        if not inline:
            line = self._after_declarations(self._place(after_line, call), call)
        visible = {variable.name: variable for variable in self.visible(line, inline)}
        call = self._addresses(visible, self._scope(line, call, inline))
        call = self._started(visible, self._types(visible, call))
        return Placed(line, self._counts(visible, self._datatypes(call)))

    def visible(self, line: int, inline: bool = False) -> tuple[Variable, ...]:
        """The variables that a call after ``line`` may use, or one in a hole of that line."""
        found = self.facts.tree.variables_after(line)
        if not inline:
            return found
        text = self.facts.tree.text
        for hole in find_holes(text):
            if hole.line == line:
                found += self.facts.tree.variables_at(len(text[: hole.start].encode()))
        return found

    def _name(self, call: CallText) -> CallText:
        if call.function in self.signatures:
            return call
        by_lower = {name.lower(): name for name in self.signatures.common}
        exact = by_lower.get(call.function.lower())
        near = [exact] if exact else difflib.get_close_matches(call.function, self.signatures.common, n=2, cutoff=0.88)
        if not near or (len(near) == 2 and not exact):
            raise RuleBroken(f"name: mpi.h has no {call.function}")
        return replace(call, function=near[0])

    def _arity(self, call: CallText) -> CallText:
        signature = self.signatures[call.function]
        wanted = [parameter.type.replace(" ", "") for parameter in signature.parameters]
        missing = len(wanted) - len(call.arguments)
        if missing == 0 or signature.variadic:
            return call
        given = call.arguments
        if missing == 1 and wanted[-1] == "MPI_Comm" and "MPI_COMM" not in "".join(given):
            return replace(call, arguments=(*given, "MPI_COMM_WORLD"))
        if missing == 1 and wanted[-1] in {"MPI_Status*", "MPI_Status[]"}:
            return replace(call, arguments=(*given, "MPI_STATUS_IGNORE"))
        if call.function == "MPI_Init" and not given:
            return replace(call, arguments=("NULL", "NULL"))
        if not wanted:
            return replace(call, arguments=())
        raise RuleBroken(f"arity: {call.function} takes {len(wanted)} arguments, not {len(given)}")

    @cached_property
    def _slots(self) -> dict[int, str]:
        """Lines after which a statement can stand, with the function around them."""
        return dict(_slots(self.facts))

    def _place(self, after_line: int, call: CallText) -> int:
        if not self._slots:
            raise RuleBroken("place: the file has no function body")
        if call.function in {"MPI_Init", "MPI_Init_thread", "MPI_Finalize"} and self.facts.main is not None:
            slots = [line for line, function in self._slots.items() if function == "main"]
        else:
            slots = list(self._slots)
        best = min(slots, key=lambda line: (abs(line - after_line), line), default=None)
        if best is None or abs(best - after_line) > _FAR:
            raise RuleBroken(f"place: no statement can stand near line {after_line}")
        return best

    def _after_declarations(self, line: int, call: CallText) -> int:
        """Where a name is declared later in the same function, the call moves behind the declaration."""
        visible = {variable.name for variable in self.facts.tree.variables_after(line)}
        function = self.facts.enclosing(self._slots.get(line, ""))
        if function is None:
            return line
        declared = [
            variable.line
            for variable in self.facts.variables(function)
            if variable.name in names_in(", ".join(call.arguments)) - visible and variable.line > line
        ]
        later = [slot for slot, name in self._slots.items() if name == function.name and slot >= max(declared, default=0)]
        return min(later, default=line) if declared else line

    def _scope(self, line: int, call: CallText, inline: bool) -> CallText:
        known = self.known_names(line, inline)
        arguments = list(call.arguments)
        signature = self.signatures[call.function]
        for index, argument in enumerate(arguments):
            for name in sorted(names_in(argument) - known):
                other = self._stand_in(name, index, line, signature)
                if other is None and self.declares and self._may_declare(signature, index, argument, name):
                    continue
                if other is None:
                    raise RuleBroken(f"scope: `{name}` is not in scope after line {line}")
                arguments[index] = re.sub(rf"\b{name}\b", other, arguments[index])
        return replace(call, arguments=tuple(arguments))

    def known_names(self, line: int, inline: bool = False) -> set[str]:
        """What may be named after ``line``, or in a hole of it: variables, constants, functions."""
        known = {variable.name for variable in self.visible(line, inline)}
        known |= set(self.signatures.constants) | {c.name for c in self.facts.tree.constants_after(line)}
        return known | {function.name for function in self.facts.tree.functions} | self._written_anywhere

    @staticmethod
    def _may_declare(signature: Signature, index: int, argument: str, name: str) -> bool:
        """Whether an argument is ``name`` where an MPI handle is wanted; whether it can be declared is seen with all calls."""
        takes = signature.parameters[index].type if index < len(signature.parameters) else ""
        return re.match(r"(?:const )?MPI_", takes) is not None and re.match(rf"&?\s*{name}\b", argument) is not None

    def first_slot(self, function: Function) -> int | None:
        """The first line of a function after which a statement can stand."""
        return min((line for line, name in self._slots.items() if name == function.name), default=None)

    @cached_property
    def _written_anywhere(self) -> set[str]:
        """Names in capitals that the file uses: constants of headers that are not read here."""
        text = self.facts.tree.lexis.code.decode(errors="replace")
        return set(re.findall(r"\b[A-Z][A-Z0-9_]+\b", text))

    def _stand_in(self, name: str, index: int, line: int, signature: Signature) -> str | None:
        """The variable that was meant: the rank, the size, or the one close name in scope."""
        function = self.facts.enclosing(self._slots.get(line, ""))
        if function is not None and signature.name in {"MPI_Comm_rank", "MPI_Comm_size"} and index == 1:
            roles = Roles(self.facts, function)
            found = roles.rank if signature.name == "MPI_Comm_rank" else roles.size
            return found.name if found else None
        visible = [variable.name for variable in self.facts.tree.variables_after(line)]
        near = difflib.get_close_matches(name, visible, n=2, cutoff=0.8)
        return near[0] if len(near) == 1 else None

    def _addresses(self, visible: Mapping[str, Variable], call: CallText) -> CallText:
        """A scalar where an address is wanted gets its ``&``."""
        arguments = list(call.arguments)
        for index, parameter in enumerate(self.signatures[call.function].parameters[: len(arguments)]):
            arguments[index] = as_buffer(arguments[index], parameter.type, visible)
            variable = visible.get(arguments[index])
            wants_address = parameter.type.endswith("*") and not parameter.type.replace(" ", "").endswith("**")
            if variable and wants_address and not variable.pointer_depth and not variable.dimensions:
                if "<" in variable.type or "&" in variable.type:
                    continue
                arguments[index] = f"&{arguments[index]}"
        return replace(call, arguments=tuple(arguments))

    def _types(self, visible: Mapping[str, Variable], call: CallText) -> CallText:
        """A handle (communicator, datatype, operation) where a number is wanted, or one of another kind, is refused."""
        for argument, parameter in zip(call.arguments, self.signatures[call.function].parameters, strict=False):
            variable = visible.get(argument)
            plain = variable is not None and not variable.pointer_depth and not variable.dimensions
            given = variable.type if variable is not None and plain else self.signatures.constants.get(argument, "")
            wanted = parameter.type
            handles = [text for text in (given, wanted) if text.startswith("MPI_") and "*" not in text]
            if given and handles and given != wanted and "*" not in wanted + given:
                raise RuleBroken(f"type: `{argument}` is {given}, {call.function} wants {wanted} for {parameter.name}")
        fault = misfit(call, self.signatures[call.function], visible)
        if fault is not None:
            raise RuleBroken(f"type: {fault}")
        return call

    def _started(self, visible: Mapping[str, Variable], call: CallText) -> CallText:
        """`MPI_Init` without the arguments of a `main` that holds them constant: C++ refuses to hand them on."""
        if self.facts.tree.language is Language.C or call.function not in {"MPI_Init", "MPI_Init_thread"}:
            return call
        words = visible.get(call.arguments[1].removeprefix("&"))
        if words is None or not re.search(r"\bconst\b", words.type):
            return call
        return replace(call, arguments=("NULL", "NULL", *call.arguments[2:]))

    def _datatypes(self, call: CallText) -> CallText:
        """A predefined datatype that contradicts the buffer's element type is replaced by the right one."""
        arguments = list(call.arguments)
        everything = {variable.name: variable for variable in self.facts.tree.variables_after(self.facts.tree.line_count)}
        for function in self.facts.tree.functions:
            everything |= {variable.name: variable for variable in self.facts.variables(function)}
        for buffer, datatype in buffers_with_datatypes(self.signatures[call.function]):
            match = _PLAIN.fullmatch(arguments[buffer]) or _ADDRESS.match(arguments[buffer])
            variable = everything.get(match[match.lastindex or 0]) if match else None
            if variable is None or agrees(arguments[datatype], variable, self.signatures):
                continue
            right = datatype_of(variable, self.signatures)
            if right is None:
                raise RuleBroken(f"datatype: {arguments[datatype]} does not describe `{variable.name}`")
            arguments[datatype] = right
        return replace(call, arguments=tuple(arguments))

    def _counts(self, visible: Mapping[str, Variable], call: CallText) -> CallText:
        """The address of one variable is one element; the other side, if it was given the same count, has one too."""
        arguments, parameters = list(call.arguments), self.signatures[call.function].parameters
        for buffer, datatype in buffers_with_datatypes(self.signatures[call.function]):
            count = datatype - 1
            if not parameters[count].name.endswith("count"):
                continue
            match = _ADDRESS.fullmatch(arguments[buffer])
            variable = visible.get(match[1]) if match else None
            if variable is None or variable.pointer_depth or variable.dimensions or "&" in variable.type:
                continue
            if arguments[datatype] == datatype_of(variable, self.signatures) and not self._is_one(arguments[count]):
                said = arguments[count]
                same = [index for index, one in enumerate(parameters) if one.name.endswith("count") and arguments[index] == said]
                for index in same:
                    arguments[index] = "1"
        return replace(call, arguments=tuple(arguments))

    def _is_one(self, count: str) -> bool:
        """Whether the count is 1, as far as the file's text tells."""
        name = re.escape(count)
        text = self.facts.tree.text
        return count == "1" or re.search(rf"\b{name}\s*=\s*1\s*[;,]|#\s*define\s+{name}\s+1\b", text) is not None


def _slots(facts: Facts) -> list[tuple[int, str]]:
    """Each line after which a statement can stand, with its function: behind braces and statements, and blank lines after."""
    tree = facts.tree
    found = dict(_behind_braces(tree))
    for span in tree.statements:
        statement = statement_at(tree, span.start)
        around = tree.function_at(statement.first_line) if statement is not None else None
        if statement is None or around is None:
            continue
        starts_line = tree.data[tree.offset_after(statement.first_line - 1) : span.start].strip() == b""
        leaves = statement.type in {"return_statement", "break_statement", "continue_statement"}
        if not leaves and _ends_line(tree, span.end, statement.last_line):
            found[statement.last_line] = around.name
        if starts_line and statement.first_line > 1:
            found[statement.first_line - 1] = around.name
    for number, line in enumerate(tree.data.split(b"\n"), start=1):
        if number - 1 in found and _is_blank(line):
            found.setdefault(number, found[number - 1])
    return sorted(found.items())


def _behind_braces(tree: SyntaxTree) -> Iterator[tuple[int, str]]:
    for function in tree.functions:
        if function.body_first_line < function.last_line:
            yield function.body_first_line, function.name
    for block in tree.capture("(compound_statement) @it"):
        line = block.start_point[0] + 1
        around = tree.function_at(line)
        if around is not None and block.end_point[0] + 1 > line and _ends_line(tree, block.start_byte + 1, line):
            yield line, around.name


def _is_blank(line: bytes) -> bool:
    """Nothing, or one comment that ends on its line."""
    text = line.strip()
    return not text or text.startswith(b"//") or (text.startswith(b"/*") and text.find(b"*/") == len(text) - 2)


def _ends_line(tree: SyntaxTree, byte: int, line: int) -> bool:
    """Whether nothing but a comment follows ``byte`` on its line."""
    end = tree.offset_after(line)
    opens_comment = tree.data.rfind(b"/*", byte, end) > tree.data.rfind(b"*/", byte, end)
    return tree.lexis.code[byte:end].strip() == b"" and not opens_comment
