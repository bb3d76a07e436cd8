"""A task with other names: its own variables and functions are renamed alike in the program and in the wanted calls or tests.

What a model remembers of a public program, or guesses from a name such as ``rank``, does not help it here.
Limits: types, members, labels, and names that a macro uses keep theirs; statements are not restructured; a name that nothing in
the file declares is not the file's own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace

from codepar.syntax.language import Language
from codepar.syntax.tree import SyntaxTree, parse
from codepar.syntax.variables import read_declarator, text_of
from evaluators.benchmarks.babeltower import Pair, RecordedTest
from evaluators.benchmarks.task import Task

_WORD = re.compile(r"[A-Za-z_]\w*")
_FREE_WORD = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|(?<![\w.])(?<!->)[A-Za-z_]\w*')
_DECLARATIONS = "[(declaration) (parameter_declaration)] @it"


def renamed(task: Task) -> Task:
    """The same task under other names: ``v1``, ``v2`` and so on in the order of their first use, ``f1`` for functions."""
    tree = parse(task.source, Language.C)
    names = new_names(tree)
    return replace(task, source=_rename_source(tree, names), labels=_rename_text(task.labels, names))


def renamed_pair(pair: Pair) -> Pair:
    """The same function under other names, its recorded tests calling it so; the published kernel keeps its names."""
    tree = parse(pair.source, Language.CXX)
    names = new_names(tree, {word for test in pair.tests for word in _WORD.findall(test.statements)})
    tests = tuple(
        RecordedTest(test.calling(names.get(test.called, test.called)), test.output) if test.called else test
        for test in pair.tests
    )
    return replace(pair, source=_rename_source(tree, names), tests=tests)


def new_names(tree: SyntaxTree, used: AbstractSet[str] = frozenset()) -> dict[str, str]:
    """New names by old ones, for what the file itself declares; none of them is in ``used``."""
    functions = {function.name for function in tree.functions} - {"main"}
    own = (functions | _declared(tree)) - _used_by_macros(tree) - {"main"}
    taken = {*used, *_WORD.findall(tree.text)}
    names: dict[str, str] = {}
    counts = {"f": 0, "v": 0}
    for node in tree.capture("(identifier) @it"):
        name = text_of(node)
        if name not in own or name in names or name.startswith("MPI_"):
            continue
        letter = "f" if name in functions else "v"
        names[name] = _next_free(letter, counts, taken)
    return names


def _next_free(letter: str, counts: dict[str, int], taken: set[str]) -> str:
    while True:
        counts[letter] += 1
        name = f"{letter}{counts[letter]}"
        if name not in taken:
            return name


def _declared(tree: SyntaxTree) -> set[str]:
    names: set[str] = set()
    for declaration in tree.capture(_DECLARATIONS):
        for node in declaration.children_by_field_name("declarator"):
            found = read_declarator(node)
            if found is not None and not found.is_function:
                names.add(found.name)
    return names


def _used_by_macros(tree: SyntaxTree) -> set[str]:
    return {word for directive in tree.lexis.directives for word in _WORD.findall(directive.argument)}


def _rename_source(tree: SyntaxTree, names: Mapping[str, str]) -> str:
    data = tree.data
    for node in reversed(tree.capture("(identifier) @it")):
        new = names.get(text_of(node))
        if new is not None:
            data = data[: node.start_byte] + new.encode() + data[node.end_byte :]
    return data.decode()


def _rename_text(text: str, names: Mapping[str, str]) -> str:
    return _FREE_WORD.sub(lambda match: names.get(match.group(), match.group()), text)
