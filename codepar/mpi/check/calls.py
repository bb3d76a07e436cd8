"""Calls of one replayed rank: functions of the program, macros, the C library; MPI's own go to ``operations``.

Limits: a function that is not in the project gives an unknown and may write what its pointers point to; methods are not entered.
"""

from __future__ import annotations

import math
import re
from typing import NoReturn

from codepar.mpi.check.declarations import read_declarator
from codepar.mpi.check.memory import Stop
from codepar.mpi.check.nodes import Node
from codepar.mpi.check.places import key_of
from codepar.mpi.check.program import Unit
from codepar.mpi.check.statements import Ended, Jump, Return, Statements
from codepar.mpi.check.values import Callback, Pointer, Unknown, Value

_MAX_DEPTH = 12
_ENDS = frozenset({"exit", "_exit", "_Exit", "abort", "quick_exit"})
_FILLS = re.compile(r"s?n?printf$|sprintf$|str(?:n?cpy|cat)$|mem(?:cpy|set|move)$|f?gets$|gethostname$|time$|gettimeofday$")
_BEGINS = re.compile(r"init|setup|start_?mpi", re.IGNORECASE)
_READ_ONLY = re.compile(
    r"^(?:f?printf|v?f?printf|puts|fputs|putchar|putc|fputc|perror|strlen|strn?cmp|strcasecmp|strchr|strstr|ato[ifl]+|strto\w+"
    r"|assert|static_assert|fwrite|fflush|fclose|memcmp|omp_\w+|usleep|sleep|getenv|srand\w*|printf_\w+|free)$"
)
_VARYING = re.compile(
    r"^(?:d?rand\w*|\w*rand48|random|time|clock|gettimeofday|clock_gettime|getpid|MPI_Wtime|omp_get_wtime|omp_get_thread_num|getchar"
    r"|fgetc|getc|gethostid)$"
)
_LIBRARY = re.compile(
    r"^(?:str\w+|mem\w+|is[a-z]+|to(?:upper|lower)|v?s?n?w?f?printf|v?f?s?scanf|f[a-z]+|qsort|bsearch|pthread_\w+|get[a-z]+|set[a-z]+"
    r"|put[a-z]+|[a-z]*rand[a-z0-9_]*|time|clock\w*|sqrt\w*|log\w*|exp\w*|pow\w*|a?(?:sin|cos|tan)h?2?[fl]?|gettimeofday|system|remove"
    r"|rename|signal|raise|sleep|usleep|nanosleep|div|abs|labs|ceil\w*|floor\w*|round\w*|hypot|cbrt|swap|sort|min|max|main)$"
)
_READS_INPUT = re.compile(r"^(?:f?scanf|sscanf|fgets|gets|fread|getline|read|gethostname)$")
_NUMERIC = {
    "abs": abs, "labs": abs, "fabs": lambda value: abs(float(value)), "sqrt": math.sqrt, "floor": math.floor, "ceil": math.ceil,
    "pow": math.pow, "log2": math.log2, "log": math.log, "log10": math.log10, "exp": math.exp, "sin": math.sin, "cos": math.cos,
    "max": max, "min": min, "std::max": max, "std::min": min, "fmax": max, "fmin": min, "round": round, "fmod": math.fmod,
    "std::sqrt": math.sqrt, "std::abs": abs,
}  # fmt: skip
_FLOATING = frozenset({"floor", "ceil", "round", "sqrt", "pow", "exp", "log", "log2", "log10"})


class Calls(Statements):
    """What a call does."""

    def mpi_call(self, name: str, node: Node, arguments: list[Node]) -> Value:
        raise NotImplementedError

    @property
    def depth(self) -> int:
        found: list[str] = self.__dict__.setdefault("_stack", [])
        return len(found)

    def call(self, node: Node) -> Value:
        callee = node.fields.get("function")
        listed = node.fields.get("arguments")
        arguments = listed.kids if listed is not None else []
        while callee is not None and callee.type == "parenthesized_expression" and callee.kids:
            callee = callee.kids[0]
        if callee is None:
            return None
        name = callee.text.lstrip(":")
        if re.match(r"P?MPIX?_[A-Z]\w*[a-z]", name):
            return self.mpi_call(name.removeprefix("P"), node, arguments)
        macro = self.unit.macros.get(name)
        if macro is not None and macro.parameters is not None:
            return self._macro_call(name, node, arguments)
        if callee.type == "field_expression":
            return self._method(callee, arguments, node)
        target = self.program.function(self._pointed(name), self.unit)
        if target is not None:
            return self.enter(name, target[0], target[1], arguments)
        return self._library(name, node, arguments)

    def _pointed(self, name: str) -> str:
        block = self.lookup(name)
        value = block.cells.get(0) if block is not None else None
        return value.name if isinstance(value, Callback) else name

    def _macro_call(self, name: str, node: Node, arguments: list[Node]) -> Value:
        expanding = self._expanding
        body = self.program.expanded(self.unit, name, tuple(argument.text for argument in arguments), node.line)
        if body is None or name in expanding or not body.kids:
            for argument in arguments:
                self.evaluate(argument)
            return self.unknown(f"{name}@{node.start}", local=False)
        expanding.add(name)
        try:
            first = body.kids[0]
            if len(body.kids) == 1 and first.type == "expression_statement" and first.kids:
                return self.evaluate(first.kids[0])
            self._block(body)
            return self.unknown(f"{name}@{node.start}", local=False)
        finally:
            expanding.discard(name)

    def _method(self, callee: Node, arguments: list[Node], node: Node) -> Value:
        base, method = callee.fields.get("argument"), callee.fields.get("field")
        name = method.text if method is not None else ""
        block = self.lookup(base.text) if base is not None and base.type == "identifier" else None
        values = [self.evaluate(argument) for argument in arguments]
        if block is not None and len(block.dims) == 1:
            if name in {"data", "begin"}:
                return Pointer(block, 0)
            if name == "size":
                return block.count if block.count is not None else self.unknown(f"{block.name}.size.{block.version}", local=True)
            if name in {"resize", "assign", "push_back", "emplace_back", "reserve", "clear", "insert", "swap"}:
                size = values[0] if values and name in {"resize", "assign"} else None
                block.count = size if isinstance(size, int) else None
                block.dims = (block.count,)
                block.forget()
        for value in values:
            self.forget_pointed(value)
        return self.unknown(f"{callee.text}@{node.start}", local=True)

    def enter(self, name: str, unit: Unit, definition: Node, arguments: list[Node]) -> Value:
        """Call a function of the program."""
        values = self._argument_values(definition, arguments)
        body = definition.fields.get("body")
        stack: list[str] = self.__dict__.setdefault("_stack", [])
        calls = body is not None and self.program.calls_mpi(body, unit)
        if body is None or len(stack) >= _MAX_DEPTH or stack.count(name) >= 3:
            if calls:
                raise Stop(f"{name} calls itself too deeply")
            return self._not_followed(name, values)
        scope = self.bind_parameters(definition, values)
        outer, self.unit = self.unit, unit
        outer_loops, self.__dict__["_loops"] = self.loops, []
        self.scopes.append(scope)
        depth = len(self.scopes)
        stack.append(name)
        try:
            self.execute(body)
        except Return as result:
            return result.value
        except Jump:
            return None
        finally:
            stack.pop()
            del self.scopes[depth - 1 :]
            self.unit = outer
            self.__dict__["_loops"] = outer_loops
        return None

    def _argument_values(self, definition: Node, arguments: list[Node]) -> list[Value]:
        head = definition.fields.get("declarator")
        while head is not None and head.type != "function_declarator":
            head = head.fields.get("declarator") or (head.kids[-1] if head.kids else None)
        listed = head.fields.get("parameters") if head is not None else None
        parameters = listed.kids if listed is not None else []
        values: list[Value] = []
        for index, argument in enumerate(arguments):
            declarator = parameters[index].fields.get("declarator") if index < len(parameters) else None
            found = read_declarator(declarator) if declarator is not None else None
            place = self.place(argument) if found is not None and found.is_reference else None
            values.append(Pointer(place.block, place.offset) if place is not None else self.evaluate(argument))
        return values

    def _not_followed(self, name: str, values: list[Value]) -> Value:
        for value in values:
            self.forget_pointed(value)
        return self.unknown(f"{name}({','.join(key_of(value) for value in values)})", local=True)

    def _library(self, name: str, node: Node, arguments: list[Node]) -> Value:
        if name in _ENDS:
            self._end()
        if name in {"sizeof", "__builtin_expect"} and arguments:
            return self.evaluate(arguments[0])
        values = [self.evaluate(argument) for argument in arguments]
        if name in {"malloc", "calloc", "realloc", "aligned_alloc", "alloca", "valloc"}:
            return self._allocate(name, node, values)
        if name in {"free", "cfree"}:
            value = values[0] if values else None
            if isinstance(value, Pointer):
                self._free(value, node)
            return None
        if name in _NUMERIC:
            return self._compute(name, values)
        return self._unknown_call(name, node, values)

    def _end(self) -> NoReturn:
        raise Ended

    def _free(self, value: Pointer, node: Node) -> None:
        value.block.freed = node.line

    def _allocate(self, name: str, node: Node, values: list[Value]) -> Value:
        size: Value = values[-1] if values else None
        if name == "calloc" and len(values) == 2:
            size = self.apply("*", values[0], values[1])
        count = int(size) if isinstance(size, int | float) and size >= 0 else None
        block = self.new_block(f"the memory of line {node.line}", "", count, node.line, heap=True)
        block.element_bytes = 1 if count is not None else None
        block.zeroed = name == "calloc"
        block.is_unset = name == "malloc"
        block.variable = (self.unit.path, block.name, node.line)
        block.allocated = count
        if name == "realloc" and isinstance(values[0], Pointer):
            block.ctype = values[0].block.ctype
            if block.ctype:
                item = self.type_bytes(block.ctype)
                block.count, block.element_bytes = (count // item, None) if count is not None and item else (None, None)
        return Pointer(block, 0)

    def _compute(self, name: str, values: list[Value]) -> Value:
        numbers = [value for value in values if isinstance(value, int | float)]
        if len(numbers) != len(values) or not numbers:
            return self._keyed(name, values)
        try:
            result = _NUMERIC[name](*numbers)  # type: ignore[operator]
        except (ArithmeticError, ValueError, TypeError):
            return self._keyed(name, values)
        return float(result) if name in _FLOATING else result if isinstance(result, int | float) else None

    def _keyed(self, name: str, values: list[Value]) -> Value:
        local = any(isinstance(value, Unknown) and value.local for value in values)
        return self.unknown(f"{name}({','.join(key_of(value) for value in values)})", local=local)

    def _unknown_call(self, name: str, node: Node, values: list[Value]) -> Value:
        if name in {"memset", "bzero"} and values and isinstance(values[0], Pointer):
            values[0].block.forget()
            values[0].block.zeroed = len(values) < 2 or values[1] == 0
            return values[0]
        is_reader = _READ_ONLY.match(name) is not None
        for index, value in enumerate(values):
            self.note_argument(
                value, node.line, reads=is_reader or not (_READS_INPUT.match(name) or (index == 0 and _FILLS.match(name)))
            )
            if not is_reader:
                self.forget_pointed(value)
        if _VARYING.match(name) or _READS_INPUT.match(name):
            return self.unknown(f"{name}@{self.unit.path}:{node.start}#{self.steps}", local=True)
        if name in {"fopen", "popen", "opendir", "freopen", "tmpfile"}:
            return Pointer(self.new_block("file", "", None, node.line), 0)
        if _BEGINS.search(name):
            # `MTest_Init(&argc, &argv)`: whoever starts a test suite, or a library, may start MPI for it.
            self.trace.has_init_elsewhere = True
        if self._may_communicate(name):
            self.trace.opaque = self.trace.opaque or name
            return self.unknown(f"{name}@{self.unit.path}:{node.start}#{self.steps}", local=True)
        return self._keyed(name, values)

    def _may_communicate(self, name: str) -> bool:
        """Whether the body may stand in a file that is not here."""
        if _READ_ONLY.match(name) or _LIBRARY.match(name) or name.startswith(("std::", "omp_", "__builtin", "cuda", "printf")):
            return False
        declared = any(name in unit.prototypes for unit in self.program.units)
        several = any(name in unit.functions for unit in self.program.units)
        return declared or several or bool(self.unit.missing_headers)
