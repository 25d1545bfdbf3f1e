"""What to do about mistakes that come from other languages' habits."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from qcompile.diagnostics import did_you_mean
from qcompile.gates import LEVELLED, NAMES, TABLE, Gate

_LOOP = "write `for i in 0:4 { … }`; the end is exclusive"
_JOIN = "truth values are joined by `&&`, `||` and `^`, and inverted by `!`"
_STEP = "a slice is `q[1:4]`, `q[1:]`, with a step in the middle `q[0:2:6]`, or `q[1::2]`"

# By what stands at the fault.
_AT = {
    r"->": "results stand on the left: `c = measure q;`",
    r"#": "comments begin with `//`",
    r"°": "angles are in radians: `45*pi/180`",
    r"π": "write `pi`",
    r"(and|or|not)\b": _JOIN,
    r"@": "letters side by side are a product: `Z[0] Z[1]`",
}
# By the statement up to the fault and with it.
_IN = {
    r"for\b.*\bin\s*(range\b|\[)|for\s+u?int\b|for\b.*\.\.": _LOOP,
    r"(for|if)\b.*:\s*\n": "a block stands in braces: `for i in 0:4 { h q[i]; }`",
    r"(elif|elsif|elseif)\b": "write `else if (…) { … }`",
    r"if\s+\w": "a condition stands in parentheses: `if (c[0]) { x q[1]; }`",
    r"if\s*\(.*\)\s*\w": "a block stands in braces: `if (c[0]) { x q[1]; }`",
    r"while\s+\w|while\s*\(.*\)\s*\w": "write `while (c[0]) limit 10 { … }`",
    r"OPENQASM": "this is OpenQASM: its files end in `.qasm`; a program here begins with `qubit q[2];`",
    r"include": 'write `import "file.qc";`',
    r"import\b": 'a file is named in quotes, `import "layers.qc";`, a library file is not: `import ansatz;`',
    r"const\s+\w+\s*=": "say the type: `const int n = 4;`, `const real x = 0.3;`, `const bool on = true;`",
    r"(qubit|qumode|bit|int|real|param|input)\s*\[": "the size stands after the name: `qubit q[2];`",
    r"(param|input)\s+(float|angle|int)\b": "parameters are real numbers: `param theta;`",
    r"(param|input)\b.*=": "values are given when the program runs: `--set theta=0.3`, or `theta=0.3` in Python",
    r"return\s+\w\Z": "say what of it: `return expect(H);`, `var(H)`, `probs(q)`, `samples(q)` or `state()`",
    r".*\[[^\]]*:[^\]]*\]?\Z": _STEP,
    r"\w+\s*[-+*/]\Z": "names are not assigned again: write the whole sum in one `observable`",
    r"\w+\s*=\s*(?!measure|homodyne|heterodyne)[\w.]": "only results of measurements are assigned; "
    "numbers are written in place, or are a `param`",
    r"\w+\s+\d|.*\[[^\]]*,\Z": "name each wire: `cx q[0], q[1];`",
    r"def\b": "write `def name(w[n], real x) qubit q[n], bit c { … }`",
    r"gate\b.*\[": "a gate acts on single wires: `gate name(theta) a, b { … }`; a `def` takes registers",
    r"gate\b.*\(.*\b(real|int)\b": "a gate's parameters are angles; a `def` has typed ones: `def f(real x) q { … }`",
    r"channel\b": "write `channel name a = [[…]], [[…]];` with its Kraus matrices",
    r"opaque\b": "write `opaque name(theta) a, b;`",
    r"let\b": "write `let a = q[0:2];`",
    r"(inv|ctrl|negctrl|pow)\b": "modifiers end with `@`: `ctrl @ x q[0], q[1];`",
    r"pauli\s*\(": "write the letters first: `pauli[XYZ](theta) q[0], q[1], q[2];`",
    r".*['\"]": "nothing is quoted: write `expect(Z[0] Z[1])`",
}
_NO_GATES = {
    "measure": "results are kept: `bit c[2]; c = measure q;`",
    "qreg": "write `qubit q[2];`",
    "creg": "write `bit c[2];`",
    "float": "write `param theta;`",
    "print": "write `return expect(…);`",
}
_FUNCTIONS = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "ln": "log"}
_NO_FUNCTIONS = {
    "range": "ranges are written `0:4`, the end exclusive",
    "len": "write `sizeof(edges)`",
    "abs": "write `sqrt(x**2)`",
}


def syntax_hint(text: str, start: int) -> str:
    """Help for a fault at `start`, or nothing."""
    for pattern, advice in _AT.items():
        if re.compile(pattern).match(text, start):
            return advice
    begin = max(text.rfind(mark, max(0, start - 300), start) for mark in ";{}") + 1
    if begin == 0:
        begin = max(0, start - 300)
    statement = re.sub(r"\A(\s|//[^\n]*\n)+", "", text[begin : start + 1])
    if not statement or statement == ";":
        return "leave this `;` out" if statement else ""
    return next((advice for pattern, advice in _IN.items() if re.match(pattern, statement, re.DOTALL)), "")


def factor_hint(name: str) -> str:
    """Help for a factor that stands beside a number without `*`."""
    if name in ("deg", "degree", "degrees"):
        return "angles are in radians: `45*pi/180`"
    if name == "mod":
        return "remainders are written `%`: `q[(i + 1) % 4]`"
    return "write `*` between factors; products without a sign belong to observables"


def gate_hint(name: str, defined: Iterable[str]) -> str:
    """Help for a gate that there is not: its name here if another language has it."""
    if name.lower() in _NO_GATES:
        return _NO_GATES[name.lower()]
    if name in LEVELLED:
        return f"write the photon number behind it: `{name}[1]`"
    elsewhere = next((gate.name for gate in TABLE.values() if name in _spellings(gate)), "")
    if elsewhere:
        return f"did you mean `{elsewhere}`?"
    return did_you_mean(name, (*NAMES, *defined)) or "`qcompile gates` lists the gates"


def function_hint(name: str, functions: Iterable[str]) -> str:
    if name in _FUNCTIONS:
        return f"write `{_FUNCTIONS[name]}`"
    if name in _NO_FUNCTIONS:
        return _NO_FUNCTIONS[name]
    if name in ("X", "Y", "Z", "x", "p", "n"):
        return f"write `{name}[0]`"
    return did_you_mean(name, functions) or f"the functions are {', '.join(sorted(functions))}"


def name_hint(name: str, known: Mapping[str, object]) -> str:
    """Help for an undeclared name that is a letter, or a known name with a number stuck to it."""
    numbered = re.fullmatch(r"(\w*?[A-Za-z])_?(\d+)", name)
    if numbered and (numbered[1] in known or numbered[1] in ("X", "Y", "Z")):
        return f"write `{numbered[1]}[{int(numbered[2]) if len(numbered[2]) < 7 else 0}]`"
    if name == "I":
        return "the identity is the number 1"
    if name in ("X", "Y", "Z"):
        return "letters stand in observables, outside functions"
    if re.fullmatch(r"[XYZI]{2,}", name):
        return "write one letter a wire: `Z[0] Z[1]`"
    return ""


def _spellings(gate: Gate) -> tuple[str, ...]:
    spelling = gate.spelling
    return (spelling.openqasm3, spelling.openqasm2, spelling.quil, spelling.blackbird)
