"""Hostile texts: programs with bytes flipped, words lost, doubled and swapped, brackets broken, numbers out of hand."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from random import Random

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_NUMBER = re.compile(r"(?<![A-Za-z_])\d+(?:\.\d*)?(?:[eE][-+]?\d+)?")
_BRACKETS = "()[]{}"
_NUMBERS = (
    "0", "-1", "1.", "1e999", "1e-999", "-0.0", "nan", "inf", "1e308", "0.1e+", "99999999999", "1000000000", "9" * 40,
    "9" * 5000, "2**10**10", "9^9^9^9", "(1/0)", "0x7fffffffffffffff", "1_000", "18446744073709551616", "-2147483648",
    "1e5", "65", "pi/0", "4294967296", "5j", "1e400j",
)  # fmt: skip
_CHARACTERS = (
    "\x00\t\x0b\x0c\r\n\x1b\x7f\u00a0\u00ad\u0301\u200b\u202e\u2028\ufeff\uffff\ufffd\ud800½²٣πθ한𝛉🙂\"'`\\/*#%$@;:,"
)
_AROUND = (
    ("(", ")"), ("[", "]"), ("{", "}"), ("sin(", ")"), ("a[", "]"), ("-", ""), ("2**", ""), ("2^", ""), ("!", ""),
    ("1+", ""), ("~", ""), ("inv @ ", ""), ("CONTROLLED ", ""),
)  # fmt: skip
_LONGEST = 1500  # characters of a seed that are taken


def mutants(seeds: Sequence[str], random: Random, size: int) -> Iterator[str]:
    """Texts made of the seeds, and some of nothing, until they have this many bytes together."""
    while size > 0:
        text = _noise(random) if random.random() < 0.05 else _mutant(seeds, random)
        size -= len(text.encode("utf-8", "surrogatepass"))
        yield text


def minimised(text: str, is_faulty: Callable[[str], bool], tries: int = 300) -> str:
    """A shorter text with the same fault: lines, then words, are left out while it stays."""
    for unit in (re.compile(r"[^\n]*\n|[^\n]+"), _WORD):
        parts = unit.findall(text)
        size = len(parts) // 2
        while size and tries:
            place = 0
            while place < len(parts) and tries:
                tries -= 1
                shorter = parts[:place] + parts[place + size :]
                if is_faulty("".join(shorter)):
                    parts = shorter
                else:
                    place += size
            size //= 2
        text = "".join(parts)
    return text


def _mutant(seeds: Sequence[str], random: Random) -> str:
    text = _window(random.choice(seeds), random)
    kind = _MILD if random.random() < 0.7 else _WILD + _MILD
    for _ in range(random.choice((1, 1, 2, 2, 3, 6))):
        text = random.choice(kind)(text, random, seeds)
    return text


def _window(text: str, random: Random) -> str:
    """The head of a text, which holds its declarations, and a part of the rest in whole lines."""
    if len(text) <= _LONGEST:
        return text
    lines = text.splitlines(keepends=True)
    first = random.randrange(len(lines))
    return "".join([*lines[:12], *lines[first : first + 20]])[: 2 * _LONGEST]


def _noise(random: Random) -> str:
    length = random.choice((1, 10, 100, 1000))
    kind = random.randrange(3)
    if kind == 0:
        return "".join(chr(random.randrange(32, 127)) for _ in range(length))
    if kind == 1:
        return "".join(chr(random.choice((random.randrange(0x300), random.randrange(0x110000)))) for _ in range(length))
    return random.randbytes(length).decode("utf-8", "replace")


def _flip(text: str, random: Random, _: Sequence[str]) -> str:
    """Bytes changed, read back as a terminal or an editor would."""
    data = bytearray(text.encode("utf-8", "surrogatepass"))
    for _turn in range(random.choice((1, 1, 4, 20))):
        if data:
            data[random.randrange(len(data))] ^= 1 << random.randrange(8)
    return data.decode("utf-8", "replace")


def _word(change: Callable[[list[str], int, Random], None]) -> Callable[[str, Random, Sequence[str]], str]:
    def changed(text: str, random: Random, _: Sequence[str]) -> str:
        words = _WORD.findall(text)
        for _turn in range(random.choice((1, 1, 1, 3))):
            if words:
                change(words, random.randrange(len(words)), random)
        return "".join(words)

    return changed


def _delete(words: list[str], place: int, random: Random) -> None:
    del words[place : place + random.choice((1, 1, 2, 10))]


def _double(words: list[str], place: int, random: Random) -> None:
    part = words[place : place + random.choice((1, 1, 5, 40))]
    words[place:place] = part * random.choice((1, 1, 3))


def _swap(words: list[str], place: int, random: Random) -> None:
    other = random.randrange(len(words))
    words[place], words[other] = words[other], words[place]


def _move(words: list[str], place: int, random: Random) -> None:
    """A word of elsewhere in place of this one: names of the wrong kind."""
    words[place] = random.choice(words)


def _alike(words: list[str], place: int, random: Random) -> None:
    """A name for a name, a number for a number, a sign for a sign: texts that often still parse."""
    kind = _kind(words[place])
    words[place] = random.choice([word for word in words if _kind(word) == kind])


def _kind(word: str) -> str:
    if word[0].isspace():
        return " "
    return "0" if word[0].isdigit() else "a" if word[0].isalpha() else word if word in _BRACKETS + ";,\"'" else "+"


def _character(words: list[str], place: int, random: Random) -> None:
    words[place] = words[place] + random.choice(_CHARACTERS)


def _bracket(words: list[str], place: int, random: Random) -> None:
    words[place] = random.choice((random.choice(_BRACKETS), words[place] + random.choice(_BRACKETS)))


def _number(text: str, random: Random, _: Sequence[str]) -> str:
    found = list(_NUMBER.finditer(text))
    if not found:
        return text + random.choice(_NUMBERS)
    for place in sorted(random.sample(found, min(len(found), random.choice((1, 1, 2)))), key=lambda m: -m.start()):
        text = text[: place.start()] + random.choice(_NUMBERS) + text[place.end() :]
    return text


def _splice(text: str, random: Random, seeds: Sequence[str]) -> str:
    """The lines of two texts, one after another or between each other."""
    one, other = text.splitlines(keepends=True), _window(random.choice(seeds), random).splitlines(keepends=True)
    cut, first = random.randrange(len(one) + 1), random.randrange(len(other) + 1)
    return "".join([*one[:cut], *other[first : first + random.choice((1, 3, 200))], *one[cut:]])


def _lines(text: str, random: Random, _: Sequence[str]) -> str:
    """Lines lost, repeated elsewhere, or in another order."""
    lines = text.splitlines(keepends=True) or ["\n"]
    place = random.randrange(len(lines))
    match random.randrange(4):
        case 0:
            random.shuffle(lines)
        case 1:
            lines.insert(random.randrange(len(lines) + 1), lines[place])
        case 2:
            other = random.randrange(len(lines))
            lines[place], lines[other] = lines[other], lines[place]
        case _:
            del lines[place]
    return "".join(lines)


def _deepen(text: str, random: Random, _: Sequence[str]) -> str:
    """A word inside many brackets, signs or powers."""
    words = _WORD.findall(text) or ["x"]
    place, depth = random.randrange(len(words)), random.choice((3, 70, 90, 300))
    left, right = random.choice(_AROUND)
    words[place] = left * depth + words[place] + right * depth
    return "".join(words)


def _lengthen(text: str, random: Random, _: Sequence[str]) -> str:
    """Everything on one line, or one word very long."""
    if random.random() < 0.5:
        return text.replace("\n", " ")
    words = _WORD.findall(text) or ["x"]
    place = random.randrange(len(words))
    words[place] *= random.choice((20, 500))
    return "".join(words)


def _truncate(text: str, random: Random, _: Sequence[str]) -> str:
    return text[: random.randrange(len(text) + 1)]


def _line_ends(text: str, random: Random, _: Sequence[str]) -> str:
    return text.replace("\n", random.choice(("\r\n", "\r", "\n\n", "\u2028")))


_MILD = (_word(_alike), _word(_alike), _word(_alike), _number, _lines, _splice)
_WILD = (
    _flip, _word(_delete), _word(_double), _word(_swap), _word(_move), _word(_character), _word(_bracket), _splice,
    _deepen, _lengthen, _truncate, _line_ends,
)  # fmt: skip
