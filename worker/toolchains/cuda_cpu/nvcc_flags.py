"""nvcc's command line for a host compiler: its own options left out or translated, and a stand-in that does so in a build.

The stand-in (``nvcc`` on the PATH of a project's own build command) is a shell script, because the box holds no Python. Limits:
options of separate device linking do nothing, as all code is host code; ``-ptx``, ``-cubin`` and ``-fatbin`` are refused.
"""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass, field


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


# Options that mean nothing on a CPU; a value may follow in the next word (the first list) or be joined by "=".
_DROPPED_WITH_VALUE = _words(
    "-arch --gpu-architecture -gencode --generate-code -code --gpu-code -maxrregcount --maxrregcount -Xptxas "
    "--ptxas-options -Xnvlink --nvlink-options -Xcudafe --cudafe -ccbin --compiler-bindir -cudart --cudart "
    "-diag-suppress --diag-suppress -diag-error -diag-warn -default-stream --default-stream -t --threads "
    "-dlink-time-opt -objtemp --relocatable-device-code -rdc -fmad --fmad -ftz --ftz -prec-div --prec-div "
    "-prec-sqrt --prec-sqrt -cudadevrt --cudadevrt -split-compile --split-compile -arch-list -ewp"
)
_DROPPED = _words(
    "--expt-relaxed-constexpr -expt-relaxed-constexpr --expt-extended-lambda -expt-extended-lambda "
    "--extended-lambda -extended-lambda -lineinfo --generate-line-info -G --device-debug -use_fast_math "
    "--use_fast_math -dlto -res-usage --resource-usage -Wno-deprecated-gpu-targets -restrict --restrict "
    "-extra-device-vectorization -lcudart -lcudart_static -lcudadevrt -lcuda -keep --keep -dlink --device-link "
    "-source-in-ptx -std=c++03 -std=c++11 -std=c++14 --std=c++11 --std=c++14 --std=c++03 -std=gnu++11 -std=gnu++14"
)
_PASSED_ON = ("-Xcompiler", "--compiler-options", "-Xlinker", "--linker-options")
_RENAMED = {
    "-dc": "-c",
    "--device-c": "-c",
    "-dw": "-c",
    "--compile": "-c",
    "--debug": "-g",
    "--optimize": "-O3",
    "--output-file": "-o",
    "--shared": "-shared",
    "--include-path": "-I",
    "--define-macro": "-D",
    "--library": "-l",
}
_REFUSED = ("-ptx", "--ptx", "-cubin", "--cubin", "-fatbin", "--fatbin")


@dataclass
class _Reader:
    """Takes nvcc's words one by one."""

    taken: list[str] = field(default_factory=list)
    waiting: str = ""

    def take(self, word: str) -> None:
        name, equals, value = word.partition("=")
        if self.waiting:
            waiting, self.waiting = self.waiting, ""
            if waiting in _PASSED_ON:
                self.taken += value_words(word)
        elif word in _PASSED_ON or word in _DROPPED_WITH_VALUE:
            self.waiting = word
        elif name in _PASSED_ON:
            self.taken += value_words(value)
        elif word in _DROPPED or (equals and name in _DROPPED_WITH_VALUE):
            return
        elif word in _RENAMED:
            self.taken.append(_RENAMED[word])
        elif name == "--std":
            self.taken.append(f"-std={value}")
        else:
            self.taken.append(word)


def value_words(value: str) -> list[str]:
    """What ``-Xcompiler`` hands on: words between commas; quotes of a shell are gone by then."""
    return [word for part in shlex.split(value.replace("'", "")) for word in part.split(",") if word]


def host_flags(flags: Sequence[str]) -> tuple[str, ...]:
    """nvcc's options as the host compiler takes them. Standards before C++17 are left out: the runtime needs C++17."""
    reader = _Reader()
    for flag in flags:
        reader.take(flag)
    return tuple(reader.taken)


@dataclass(frozen=True)
class Wrapping:
    """The options that surround a build's own: before them, before them in a unit of CUDA, after them, after all of a link."""

    before: tuple[str, ...]
    cuda: tuple[str, ...]
    after: tuple[str, ...]
    link: tuple[str, ...]


def stand_in(compiler: str, wrapping: Wrapping) -> str:
    """The text of a shell script ``nvcc`` that calls ``compiler``."""
    return _SCRIPT.format(
        compiler=shlex.quote(compiler),
        before=shlex.join(wrapping.before),
        cuda=shlex.join(wrapping.cuda),
        after=shlex.join(wrapping.after),
        link=shlex.join(wrapping.link),
        dropped_with_value="|".join(_DROPPED_WITH_VALUE),
        joined="|".join(f"{name}=*" for name in _DROPPED_WITH_VALUE),
        dropped="|".join(_DROPPED),
        passed_on="|".join(_PASSED_ON),
        passed_on_joined="|".join(f"{name}=*" for name in _PASSED_ON),
        renamed="\n".join(_renamed_case(name, new) for name, new in _RENAMED.items()),
        refused="|".join(_REFUSED),
    )


def _renamed_case(name: str, new: str) -> str:
    """``-c`` leaves out the link; the word after ``-o`` is no source."""
    also = {"-c": "links=; ", "-o": "output=next; "}.get(new, "")
    return f'    {name}) {also}set -- "$@" {new} ;;'


# Words taken are put behind the script's own arguments, which are dropped at the end: so blanks in words survive.
_SCRIPT = """\
#!/bin/sh
case " $* " in *" --version "*|*" -V "*) echo "nvcc: codepar CPU runtime (emulated), release 12.4, V12.4.0"; exit 0 ;; esac
count=$# links=yes cuda= waiting= output=
for word in "$@"; do
  if [ -n "$waiting" ]; then
    if [ "$waiting" = language ] && [ "$word" = cu ]; then
      cuda=yes; set -- "$@" -x c++
    elif [ "$waiting" = language ]; then
      set -- "$@" -x "$word"
    elif [ "$waiting" = pass ]; then
      old=$IFS; IFS=', '; for part in $word; do set -- "$@" "$part"; done; IFS=$old
    fi
    waiting=; continue
  fi
  if [ -n "$output" ]; then output=; set -- "$@" "$word"; continue; fi
  case $word in
    {refused}) echo "codepar: unsupported: nvcc $word (there is no device code to write)" >&2; exit 1 ;;
    {dropped_with_value}) waiting=drop ;;
    {joined}|{dropped}) ;;
    {passed_on}) waiting=pass ;;
    {passed_on_joined}) old=$IFS; IFS=', '; for part in ${{word#*=}}; do set -- "$@" "$part"; done; IFS=$old ;;
{renamed}
    --std=*) set -- "$@" "-std=${{word#*=}}" ;;
    -x) waiting=language ;;
    -o) output=next; set -- "$@" -o ;;
    -c|-E|-S|-M|-MM) links=; set -- "$@" "$word" ;;
    *.cu) cuda=yes; set -- "$@" -x c++ "$word" -x none ;;
    *) set -- "$@" "$word" ;;
  esac
done
shift "$count"
if [ -n "$cuda" ]; then set -- {cuda} "$@"; fi
if [ -z "$links" ]; then exec {compiler} {before} "$@" {after}; fi
exec {compiler} {before} "$@" {after} -x none {link}
"""
