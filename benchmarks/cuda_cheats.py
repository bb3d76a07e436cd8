"""Translations that look right and are not what was asked for: host fallbacks, one-thread kernels, caches, races, forgeries.

``cheats(function, source, entry)`` makes all that fit a right translation, by text alone. Limits: a cheat that needs a place
which the text has not (an atomic, a size) is left out; some may not compile, which is caught, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from codepar.cuda.function import Parameter, SequentialFunction
from codepar.cuda.read import read_functions
from codepar.syntax.language import Language

_LAUNCH = re.compile(r"(?P<kernel>\w+)\s*<<<(?P<config>.*?)>>>\s*\((?P<arguments>[^;]*)\)\s*;", re.DOTALL)
_KERNEL = re.compile(r"__global__\s+void\s+(?P<name>\w+)\s*\((?P<parameters>[^)]*)\)\s*\{", re.DOTALL)
_INDEX = "long i = blockIdx.x * (long)blockDim.x + threadIdx.x;"
_BUILT_INS = {"threadIdx": "cp_thread", "blockIdx": "cp_block", "blockDim": "cp_size", "gridDim": "cp_grid"}


@dataclass(frozen=True, slots=True)
class Cheat:
    """A cheating text; ``entry`` is its host function."""

    kind: str
    text: str
    entry: str


def cheats(function: SequentialFunction, source: str, entry: str) -> Iterator[Cheat]:
    """All cheats that fit."""
    maker = _Maker(function, source, entry)
    makers = (
        maker.on_host,
        maker.on_host_through_copies,
        maker.on_host_through_scratch,
        maker.on_host_for_large,
        maker.without_launch,
        maker.original_called,
        maker.one_thread,
        maker.one_thread_of_many,
        maker.few_threads,
        maker.cached,
        maker.constant,
        maker.nothing,
        maker.early_return,
        maker.exit_early,
        maker.says_pass,
        maker.wrong_for_large,
        maker.wrong_for_odd,
        maker.wrong_last,
        maker.atomics_removed,
        maker.same_value_race,
        maker.racing_counter,
        maker.read_past_end,
        maker.read_before_start,
        maker.unwatched,
        maker.report_forged,
    )
    for make in makers:
        for text in make():
            name = f"{function.name}_cheat" if "_cheat(" in text else entry
            yield Cheat(make.__name__, text, name)


class _Maker:
    """One right translation, taken apart."""

    def __init__(self, function: SequentialFunction, source: str, entry: str) -> None:
        self._function = function
        self._source = source
        self._entry = next(one for one in read_functions(source, "t.cu", Language.CUDA) if one.name == entry)
        self._names = [one.name for one in self._entry.signature.parameters]
        parameters = ", ".join(one.declaration for one in self._entry.signature.parameters)
        self._head = f"{function.signature.return_type} {function.name}_cheat({parameters})"
        self._call = f"{entry}({', '.join(self._names)})"
        self._returns = function.signature.return_type != "void"

    def _with_entry(self, body: str, before: str = "") -> str:
        return f"{self._source}\n{before}\n{self._head} {{\n{body}\n}}\n"

    def _host(self) -> str:
        """The original's file under other names, so that no function bears the original's."""
        text = self._function.text
        for one in (self._function.name, *self._function.helpers):
            text = re.sub(rf"\b{one}\b", f"{one}_serial", text)
        declared = re.findall(r"\b(?:struct|union|enum)\s+(\w+)\s*\{", text)
        return f"namespace serial {{\n{text}\n}}\n" if not declared else "\n".join(_without_structs(text))

    def _host_call(self) -> str:
        scope = "" if re.search(r"\b(?:struct|union|enum)\s+\w+\s*\{", self._function.text) else "serial::"
        return f"{scope}{self._function.name}_serial({', '.join(self._names)})"

    def _host_only(self, kernels: str, body: str) -> str:
        includes = "#include <cmath>\n#include <cstdlib>\n#include <cstring>\n"
        structs = "" if "serial::" in self._host_call() else "\n".join(_structs(self._function.text))
        return f"{includes}{structs}\n{self._host()}\n{kernels}\n{self._head} {{\n{body}\n}}\n"

    def _answer(self, body: str) -> str:
        if not self._returns:
            return f"{self._host_call()};\n{body}"
        return f"{self._function.signature.return_type} answer = {self._host_call()};\n{body}\nreturn answer;"

    def on_host(self) -> Iterator[str]:
        yield self._host_only("__global__ void nothing() { }", self._answer("nothing<<<4, 256>>>(); cudaDeviceSynchronize();"))
        busy = f"__global__ void busy(float *p, int n) {{ {_INDEX} if (i < n) p[i] = p[i] * 2 + i; }}"
        body = "float *p; cudaMalloc(&p, 40000); cudaMemset(p, 0, 40000); busy<<<40, 256>>>(p, 10000); cudaFree(p);"
        yield self._host_only(busy, self._answer(body))

    def _written(self) -> list[tuple[Parameter, str]]:
        """Written buffers with their sizes in elements, where these are known from scalars."""
        found = []
        for one in self._function.signature.parameters:
            extent = self._function.extents.get(one.name)
            if one.is_buffer and one.role.is_written and extent is not None and extent.expression is not None:
                found.append((one, extent.expression))
        return found

    def on_host_through_copies(self) -> Iterator[str]:
        kernel = f"template <class T> __global__ void same(T *p, long n) {{ {_INDEX} if (i < n) p[i] = p[i]; }}"
        for one, size in self._written()[:1]:
            body = (
                f"long count = {size}; if (count > 0) {{ {one.type} *d; cudaMalloc(&d, count * sizeof *d);\n"
                f"cudaMemcpy(d, {one.name}, count * sizeof *d, cudaMemcpyHostToDevice);\n"
                "same<<<(count + 255) / 256, 256>>>(d, count);\n"
                f"cudaMemcpy({one.name}, d, count * sizeof *d, cudaMemcpyDeviceToHost); cudaFree(d); }}"
            )
            yield self._host_only(kernel, self._answer(body))

    def on_host_through_scratch(self) -> Iterator[str]:
        kernel = (
            "template <class T> __global__ void copy(const T *from, T *to, long n) "
            "{ long i = blockIdx.x * (long)blockDim.x + threadIdx.x; if (i < n) to[i] = from[i]; }"
        )
        for one, size in self._written()[:1]:
            body = (
                f"long count = {size}; if (count > 0) {{ {one.type} *d, *e;\n"
                "cudaMalloc(&d, count * sizeof *d); cudaMalloc(&e, count * sizeof *d);\n"
                f"cudaMemcpy(d, {one.name}, count * sizeof *d, cudaMemcpyHostToDevice);\n"
                "copy<<<(count + 255) / 256, 256>>>(d, e, count);\n"
                f"cudaMemcpy({one.name}, e, count * sizeof *d, cudaMemcpyDeviceToHost); cudaFree(d); cudaFree(e); }}"
            )
            yield self._host_only(kernel, self._answer(body))

    def on_host_for_large(self) -> Iterator[str]:
        if "serial::" not in self._host_call():
            return
        for name in self._sizes()[:1]:
            ret = "return " if self._returns else ""
            fallback = (
                f"if ({name} > 64) {{ {ret}{self._host_call()}; {'' if self._returns else 'return;'} }}\n{ret}{self._call};"
            )
            yield self._with_entry(fallback, "#include <cmath>\n" + self._host())
            dummy = f"dummy<<<4, 256>>>();\n{fallback}"
            yield self._with_entry(dummy, "#include <cmath>\n__global__ void dummy() { }\n" + self._host())

    def without_launch(self) -> Iterator[str]:
        yield self._host_only("", self._answer("// nothing<<<4, 256>>>();"))

    def original_called(self) -> Iterator[str]:
        parameters = ", ".join(one.declaration for one in self._function.signature.parameters)
        declared = f"{self._function.signature.return_type} {self._function.name}({parameters});"
        ret = "return " if self._returns else ""
        call = f"{self._function.name}({', '.join(self._names)});"
        yield f"{self._structs()}{declared}\n__global__ void dummy() {{ }}\n{self._head} {{ dummy<<<4, 256>>>(); {ret}{call} }}\n"

    def _structs(self) -> str:
        return "".join(f"{one}\n" for one in _structs(self._function.text))

    def one_thread(self) -> Iterator[str]:
        """The kernel's threads one after the other, in one thread."""
        yield from self._serialised("1, 1", "")

    def one_thread_of_many(self) -> Iterator[str]:
        yield from self._serialised("8, 256", "if (threadIdx.x != 0 || blockIdx.x != 0) return;\n")

    def few_threads(self) -> Iterator[str]:
        """Four threads, each a quarter of the others' work."""
        loop = "long cp_first = threadIdx.x, cp_step = 4;"
        yield from self._serialised("1, 4", "", loop)

    def _serialised(self, config: str, guard: str, loop: str = "long cp_first = 0, cp_step = 1;") -> Iterator[str]:
        if re.search(r"__shared__|__sync|cooperative_groups|__shfl", self._source):
            return
        text = self._source
        for match in reversed(list(_KERNEL.finditer(self._source))):
            text = (
                text[: match.start()] + self._one_kernel(match, guard, loop) + text[_closing(self._source, match.end() - 1) + 1 :]
            )
        for word, own in _BUILT_INS.items():
            text = re.sub(rf"\b{word}(?!\w)(?=[^\n]*)", own, text) if own in text else text
        text = text.replace("cp_real_", "")
        launched, count = _LAUNCH.subn(lambda match: _relaunched(match, config), text)
        if count:
            yield launched

    def _one_kernel(self, match: re.Match[str], guard: str, loop: str) -> str:
        body = self._source[match.end() - 1 : _closing(self._source, match.end() - 1) + 1]
        names = [
            re.sub(r"[\[\]\s]", "", re.split(r"[\s*&]", one.strip())[-1]) for one in match["parameters"].split(",") if one.strip()
        ]
        parameters = match["parameters"].strip()
        more = ", " if parameters else ""
        geometry = "dim3 cp_thread, dim3 cp_block, dim3 cp_size, dim3 cp_grid"
        arguments = ", ".join([*names, "cp_t", "cp_b", "cp_s", "cp_g"])
        return (
            f"__device__ void {match['name']}_body({parameters}{more}{geometry}) {body}\n"
            f"__global__ void {match['name']}({parameters}{more}dim3 cp_g, dim3 cp_s) {{\n{_protected(guard)}{_protected(loop)}\n"
            "long cp_threads = (long)cp_s.x * cp_s.y * cp_s.z, cp_all = cp_threads * cp_g.x * cp_g.y * cp_g.z;\n"
            "for (long cp_i = cp_first; cp_i < cp_all; cp_i += cp_step) {\n"
            "unsigned cp_in = cp_i % cp_threads, cp_of = cp_i / cp_threads;\n"
            "dim3 cp_t(cp_in % cp_s.x, cp_in / cp_s.x % cp_s.y, cp_in / cp_s.x / cp_s.y);\n"
            "dim3 cp_b(cp_of % cp_g.x, cp_of / cp_g.x % cp_g.y, cp_of / cp_g.x / cp_g.y);\n"
            f"{match['name']}_body({arguments}); }} }}\n"
        )

    def _sizes(self) -> list[str]:
        """Integer scalars that sound like sizes, the others after them."""
        scalars = [
            one.name
            for one in self._function.signature.scalars
            if re.fullmatch(r"(?:unsigned |long |short )*(?:int|long|size_t)", one.type)
        ]
        return sorted(
            scalars,
            key=lambda name: not re.fullmatch(r"n\w?|.*(?:size|len|length|count|num|rows|width|cols)\w*", name, re.IGNORECASE),
        )

    def cached(self) -> Iterator[str]:
        if self._returns:
            known = f"static bool known; static {self._function.signature.return_type} answer;\n"
            yield self._with_entry(f"{known}if (!known) {{ answer = {self._call}; known = true; }}\nreturn answer;")
        else:
            yield self._with_entry(f"static bool known; if (!known) {{ {self._call}; known = true; }}")

    def constant(self) -> Iterator[str]:
        kernel = f"template <class T> __global__ void zero(T *p, long n) {{ {_INDEX} if (i < n) p[i] = T(); }}"
        ret = f"return {self._function.signature.return_type}();" if self._returns else ""
        for one, size in self._written()[:1]:
            body = (
                f"long count = {size}; if (count > 0) {{ {one.type} *d; cudaMalloc(&d, count * sizeof *d);\n"
                f"zero<<<(count + 255) / 256, 256>>>(d, count);\n"
                f"cudaMemcpy({one.name}, d, count * sizeof *d, cudaMemcpyDeviceToHost); cudaFree(d); }}\n{ret}"
            )
            yield f"{self._structs()}{kernel}\n{self._head} {{\n{body}\n}}\n"

    def nothing(self) -> Iterator[str]:
        ret = f"return {self._function.signature.return_type}();" if self._returns else ""
        kernel = f"{self._structs()}__global__ void idle() {{ }}\n"
        yield f"{kernel}{self._head} {{ idle<<<8, 256>>>(); cudaDeviceSynchronize(); {ret} }}\n"

    def early_return(self) -> Iterator[str]:
        for name in self._sizes()[:2]:
            leave = f"return {self._function.signature.return_type}();" if self._returns else "return;"
            for bound in (1024, 300):
                yield self._with_entry(f"if ({name} > {bound}) {leave}\n{'return ' if self._returns else ''}{self._call};")

    def exit_early(self) -> Iterator[str]:
        yield "#include <cstdlib>\n" + self._with_entry(
            f"{'return ' if self._returns else ''}({self._call}); exit(0);".replace("return (", "(")
        )

    def says_pass(self) -> Iterator[str]:
        yield "#include <cstdio>\n#include <cstdlib>\n" + self._with_entry(
            'printf("PASS\\nverified\\n"); fflush(stdout); exit(0);'
        )

    def wrong_for_large(self) -> Iterator[str]:
        """Four blocks at most."""
        text = _LAUNCH.sub(_limited, self._source)
        if text != self._source:
            yield text

    def wrong_for_odd(self) -> Iterator[str]:
        """The last, partial block is forgotten."""
        text = re.sub(r"\(\s*\(?([\w.]+)\)?\s*\+\s*(?:\w+\s*-\s*1|\d+)\s*\)\s*/\s*(\w+)", r"(\1 / \2 + !(\1 / \2))", self._source)
        if text != self._source:
            yield text

    def wrong_last(self) -> Iterator[str]:
        """The last element of what is written is not copied out."""
        for match in re.finditer(
            r"cudaMemcpy\((?P<to>\w+),\s*(?P<from>[^,]+),\s*(?P<bytes>[^;]+?),\s*cudaMemcpyDeviceToHost\)", self._source
        ):
            short = (
                f"cudaMemcpy({match['to']}, {match['from']}, ({match['bytes']}) - sizeof *{match['to']}, cudaMemcpyDeviceToHost)"
            )
            if not match["to"].startswith("&"):
                yield self._source[: match.start()] + short + self._source[match.end() :]

    def atomics_removed(self) -> Iterator[str]:
        text = re.sub(
            r"\batomicAdd\(\s*([^,()]+(?:\([^()]*\))?[^,()]*),\s*([^()]+(?:\([^()]*\))?[^()]*)\)",
            r"(*(\1) += (\2))",
            self._source,
        )
        if text != self._source:
            yield text

    def same_value_race(self) -> Iterator[str]:
        """All threads also write a word that all of them leave alike."""
        yield from self._in_kernels("cp_word = 1;", "__device__ int cp_word;\n")

    def racing_counter(self) -> Iterator[str]:
        """All threads count in a word without an atomic; nobody reads it."""
        yield from self._in_kernels("cp_word = cp_word + 1;", "__device__ int cp_word;\n")

    def read_past_end(self) -> Iterator[str]:
        for name in self._kernel_pointers():
            yield from self._in_kernels(
                f"if ({name} && {name}[(1 << 20) + threadIdx.x] == 0) cp_word = 0;", "__device__ volatile int cp_word;\n", name
            )

    def read_before_start(self) -> Iterator[str]:
        for name in self._kernel_pointers():
            statement = f"if (blockIdx.x + threadIdx.x == 0 && {name}[-1] == 0) cp_word = 0;"
            yield from self._in_kernels(statement, "__device__ volatile int cp_word;\n", name)

    def _kernel_pointers(self) -> list[str]:
        match = _KERNEL.search(self._source)
        pointers = (
            re.findall(r"(?:int|float|double|char)\s*\*\s*(?:__restrict__\s*|const\s+)*(\w+)", match["parameters"])
            if match
            else []
        )
        return pointers[:1]

    def _in_kernels(self, statement: str, before: str, needs: str = "") -> Iterator[str]:
        matches = [one for one in _KERNEL.finditer(self._source) if not needs or re.search(rf"\b{needs}\b", one["parameters"])]
        if not matches:
            return
        place = matches[0].end()
        yield before + self._source[:place] + " " + statement + self._source[place:]

    def unwatched(self) -> Iterator[str]:
        yield self._source.replace("__global__", '__attribute__((no_sanitize("thread"))) __global__', 1)

    def report_forged(self) -> Iterator[str]:
        yield "#include <cstdlib>\n" + self._with_entry(
            f'getenv("CODEPAR_CUDA_REPORT"); {"return " if self._returns else ""}{self._call};'
        )


def _relaunched(match: re.Match[str], config: str) -> str:
    grid, block = _two(match["config"])
    arguments = match["arguments"].strip()
    return f"{match['kernel']}<<<{config}>>>({arguments}{', ' if arguments else ''}dim3({grid}), dim3({block}));"


def _limited(match: re.Match[str]) -> str:
    grid, block = _two(match["config"])
    kernel = f"{match['kernel']}<<<cp_grid, {block}>>>({match['arguments']});"
    return f"{{ dim3 cp_grid({grid}); if (cp_grid.x > 4) cp_grid.x = 4; {kernel} }}"


def _two(config: str) -> tuple[str, str]:
    """The grid and the block of a launch."""
    depth = 0
    for place, letter in enumerate(config):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            rest = config[place + 1 :]
            return config[:place].strip(), _first(rest)
    return config.strip(), "1"


def _first(text: str) -> str:
    depth = 0
    for place, letter in enumerate(text):
        depth += (letter in "([{") - (letter in ")]}")
        if letter == "," and depth == 0:
            return text[:place].strip()
    return text.strip()


def _closing(text: str, opening: int) -> int:
    depth = 0
    for place in range(opening, len(text)):
        depth += (text[place] == "{") - (text[place] == "}")
        if depth == 0:
            return place
    return len(text) - 1


def _protected(text: str) -> str:
    """Real built-ins keep their names when those of the body are replaced."""
    return re.sub(r"\b(threadIdx|blockIdx)\b", r"cp_real_\1", text)


def _structs(text: str) -> list[str]:
    return [match.group() for match in re.finditer(r"\b(?:struct|union|enum)\s+\w+\s*\{[^{}]*\}\s*;", text)]


def _without_structs(text: str) -> list[str]:
    return [re.sub(r"\b(?:struct|union|enum)\s+\w+\s*\{[^{}]*\}\s*;", "", text)]
