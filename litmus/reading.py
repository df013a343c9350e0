"""Reading .litmus files: a text is split into its sections, and each section is read.

The splitter is written by hand, because what ends a section depends on the notation: comments nest, `(*`
is no comment inside a C function, and a word ends the program only outside strings.  The grammar in
litmus/source/state.py reads initial states and conditions; litmus/isa/ reads instructions.
Format: the section structure that herd7 accepts (its lib/splitter.mll).
"""

from __future__ import annotations

import os
import re
from codecs import BOM_UTF8
from collections.abc import Sequence
from typing import BinaryIO, NoReturn

from litmus.diagnostics import InputError, Source, Span, Unsupported, near
from litmus.source.comments import comments_of
from litmus.source.state import Final, Threads, misspelt, read_final, read_init
from litmus.source.statements import statements_of
from litmus.source.syntax import Bool, Cell, Condition, Init, Test

ARCHITECTURES = ("X86", "X86_64", "PPC", "C", "AArch64", "ARM", "RISCV", "MIPS", "LISA", "BPF", "CPP", "JAVA", "ASL")
NO_CONDITION = "the test has no condition, so that every execution satisfies it and nothing is expected"

_IN_C = frozenset({"C", "CPP"})
_SPELLED = {"RISC-V": "RISCV", "Bell": "LISA", "C++": "CPP"}

_OTHER_NOTATION = frozenset({"JAVA", "ASL", "LISA"})  # their programs are no tables

_DIGITS = 4000  # Python refuses to read decimal numbers with more than 4300
_LARGEST = 8 << 20  # bytes: a thousand times the largest litmus test anyone has published
_USUAL = 1 << 16  # bytes; hardly any test is longer

_HEAD = re.compile(
    r'([A-Za-z0-9_+-]+)[ \t]+([^\s("]+)[ \t\r]*(?:\([^)\n]*\)[ \t\r]*)?(?:\n?[ \t\r]*"([^"\n]*|[^"{]*)"[ \t\r]*)?;?'
)
_NAME = re.compile(r"[A-Za-z0-9_/.+:\[\]-]+\Z")
_BEFORE_INIT = re.compile(
    r"\s*(?:(?P<brace>\{)|(?P<comment>\(\*)|(?P<key>[A-Za-z][\w/.-]*)[ \t]*=[ \t]*(?P<value>[^\n]*)"
    r"|(?P<other>[^\n{]+))?"
)
_WORDS = "final|forall|exists|cases|[Oo]bserved|locations|filter"
# There is no lookbehind: with one, the search could not skip from one possible first letter to the next.
_FINAL = re.compile(rf"(?:~[ \t]*exists|{_WORDS})(?![\w/.-])")
_IN_NAME = re.compile(r"[\w/.%$-]")
_PROCESS = re.compile(r"P(\d+)\Z")

# Patterns that only some tests need.  The re module compiles them at their first use.
_C_TOKEN = (
    r"/\*|//[^\n]*|\(\*|\"(?:[^\"\\\n]|\\.)*\"?|'(?:[^'\\\n]|\\.)'|[{}()]|"
    rf"~[ \t\n]*exists\b|(?<![\w.])(?:{_WORDS}|BUG_ON)\b"
)
_C_COMMENT = r"(?s)/\*.*?\*/|//[^\n]*"
_COMMENT_OR_END = r"\(\*|<<"
_COMMENT_EDGE = r"\(\*|\*\)"
_STRING = r'"[^"]*("?)'
_NOT_NEWLINE = r"[^\n]"
_LOCK_PREFIX = r"(?i)(\block\s*);"


def read_file(path: str | os.PathLike[str]) -> Source:
    """The text of a file.  A text that is not UTF-8 is read as Latin-1.  CRLF is kept.

    Raises InputError if there is no such file, or if it is a folder, cannot be read, is binary or huge.
    """
    name = os.fspath(path)
    try:
        with open(name, "rb") as file:
            return source_of(name, file)
    except FileNotFoundError:
        raise InputError(f"{name}: no such file", hint=_neighbours(name)) from None
    except IsADirectoryError:
        raise InputError(f"{name}: is a folder, not a litmus test") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise InputError(f"{name}: cannot be read: {reason}") from None


def source_of(name: str, file: BinaryIO) -> Source:
    """The text of an open file, decoded as `read_file` does.  Raises InputError if it is binary or huge."""
    data = file.read(_USUAL)
    if len(data) == _USUAL:  # for a read, Python takes as much memory as it is allowed to read
        data += file.read(_LARGEST + 1 - _USUAL)
    if len(data) > _LARGEST:
        raise InputError(f"{name}: is larger than {_LARGEST >> 20} MiB, which no litmus test is")
    if b"\0" in data:
        raise InputError(f"{name}: is a binary file (it holds a zero byte)")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.removeprefix(BOM_UTF8).decode("latin-1")
    return Source(name, text)


def _neighbours(name: str) -> str | None:
    folder, base = os.path.split(name)
    try:
        return near(base, os.listdir(folder or "."))
    except (OSError, ValueError):
        return None


def read_test(source: Source) -> Test:
    """The litmus test in a text.

    Raises InputError if the text is not a litmus test, and Unsupported if it uses a part of the notation that
    this program does not support; both with the span of the offending token.
    """
    text = source.text
    if not text.strip():
        raise InputError(f"{source.name}: the file is empty", hint="a test begins with its architecture: X86 SB")
    if "\0" in text:
        at = text.index("\0")
        raise InputError("this is a binary file (it holds a zero byte)", Span(source, at, at + 1))
    if len(text) > _DIGITS and (digits := re.search(rf"[0-9]{{{_DIGITS},}}", text)) is not None:
        raise InputError("this number has more digits than any machine", Span(source, *digits.span()))
    arch, name, doc, position, arch_span = _head(source)
    info, opening = _info(source, position)
    closing, init_text = _init_section(source, opening)
    in_c = arch in _IN_C

    def threads(name: str) -> Sequence[int]:
        return () if in_c else _threads_with(name, _split_table(source, closing + 1, arch)[0])

    init = read_init(source, init_text, opening + 1, threads)
    if in_c:
        table = None
        body, final, final_at = _split_c(source, closing + 1)
    else:
        body = None
        table, final, final_at = _split_table(source, closing + 1, arch)
    locations, constraint, condition = _final(source, final, final_at, body, init, threads)
    said = statements_of(source, comments_of(text, (arch_span.start, position), opening, closing, in_c), in_c)
    return Test(
        source=source,
        arch=arch,
        name=name,
        doc=doc,
        info=info,
        init=init,
        table=table,
        body=body,
        locations=locations,
        filter=constraint,
        condition=condition,
        stated=said.stated,
        arch_span=arch_span,
        machine=said.machine,
        notes=said.notes if condition.span is not None else (*said.notes, NO_CONDITION),
    )


# ---------------------------------------------------------------- the first line and the fields


def _head(source: Source) -> tuple[str, str, str | None, int, Span]:
    """Architecture, name, doc string, the offset after them, and the span of the architecture."""
    text = source.text
    position = len(text) - len(text.lstrip())
    while text.startswith("(*", position):
        end = _end_of_comment(source, position)
        position = end + len(text[end:]) - len(text[end:].lstrip())
    match = _HEAD.match(text, position)
    if match is None:
        end = text.find("\n", position)
        span = Span(source, position, end if end > position else len(text))
        message = "a litmus test begins with its architecture and its name"
        raise InputError(message, span, "expected a line like X86 SB")
    arch, name, doc = match.groups()
    span = Span(source, match.start(1), match.end(1))
    arch = _SPELLED.get(arch, arch)
    if arch not in ARCHITECTURES:
        hint = near(arch, ARCHITECTURES) or "known architectures are " + ", ".join(ARCHITECTURES)
        raise InputError(f"unknown architecture {arch}", span, hint)
    if arch in _OTHER_NOTATION:
        raise Unsupported(f"tests for {arch} are not supported", span)
    if not _NAME.match(name):
        raise InputError(
            f"{name} cannot be the name of a test",
            Span(source, match.start(2), match.end(2)),
            "names are made of letters, digits and _ / . + : [ ] -",
        )
    if name == "--":
        name = os.path.splitext(os.path.basename(source.name))[0]
    name = name.removesuffix(".litmus") or name  # as herd7 does
    return arch, name, doc, match.end(), span


def _info(source: Source, position: int) -> tuple[dict[str, str], int]:
    """The `Key=value` lines, and the offset of the brace that opens the initial state."""
    text = source.text
    info: dict[str, str] = {}
    seen: set[str] = set()
    while True:
        match = _BEFORE_INIT.match(text, position)
        kind = match.lastgroup if match is not None else None
        if match is None or kind is None:
            end = len(text.rstrip())
            raise InputError(
                "the test ends before its initial state", Span(source, end, end + 1), "expected { initial state }"
            )
        if kind == "value":
            key = match["key"]
            if key.lower() in seen:
                raise InputError(f"{key} is given twice", Span(source, match.start("key"), match.end("key")))
            seen.add(key.lower())
            info[key] = match["value"].rstrip()
            position = match.end()
        elif kind == "brace":
            return info, match.start("brace")
        elif kind == "comment":
            position = _end_of_header_comment(source, match.start("comment"))
        else:
            position = match.end()


def _end_of_header_comment(source: Source, start: int) -> int:
    """The offset after a comment that comes before the initial state.

    A comment that is never closed is read as one line of prose if an initial state follows: published tests have this.
    Raises InputError if none follows.
    """
    try:
        return _end_of_comment(source, start)
    except InputError:
        line = source.text.find("\n", start)
        if line < 0 or "{" not in source.text[line:]:
            raise
        return line


def _init_section(source: Source, opening: int) -> tuple[int, str]:
    """The offset of the closing brace, and the text between the braces, in which blanks replace comments."""
    text = source.text
    closing = text.find("}", opening)
    section = text[opening + 1 : closing]
    if closing >= 0 and "{" not in section and "(*" not in section and "/" not in section and '"' not in section:
        return closing, section
    depth = 0
    pieces: list[str] = []
    position = opening + 1
    for match in re.finditer(r'\(\*|/\*.*?\*/|//[^\n]*|"[^"\n]*"|[{}]', text[opening:], re.DOTALL):
        start, token = match.start() + opening, match[0]
        if start < position and depth:
            continue  # inside a comment that was skipped
        if token == "{":
            depth += 1
        elif token == "}":
            depth -= 1
            if depth == 0:
                pieces.append(text[position:start])
                return start, "".join(pieces)
        elif token[0] != '"':
            end = _end_of_comment(source, start) if token == "(*" else start + len(token)
            pieces += text[position:start], re.sub(_NOT_NEWLINE, " ", text[start:end])
            position = end
    raise InputError("this { is not closed", Span(source, opening, opening + 1), "the initial state ends with }")


def _end_of_comment(source: Source, start: int) -> int:
    """The offset after the nested comment that begins at `start`."""
    depth = 0
    for match in re.compile(_COMMENT_EDGE).finditer(source.text, start):
        depth += 1 if match[0] == "(*" else -1
        if depth == 0:
            return match.end()
    raise InputError("this comment is not closed", Span(source, start, start + 2), "expected *)")


def _without_comments(source: Source, start: int) -> str:
    """The text from `start` up to `<<`.  Blanks replace nested comments, so that offsets stay right."""
    text = source.text
    if "(*" not in text and "<<" not in text:
        return text[start:]
    pieces: list[str] = []
    comment_or_end = re.compile(_COMMENT_OR_END)
    while (match := comment_or_end.search(text, start)) is not None:
        at = match.start()
        pieces.append(text[start:at])
        if match[0] == "<<":
            return "".join(pieces)
        start = _end_of_comment(source, at)
        pieces.append(re.sub(_NOT_NEWLINE, " ", text[at:start]))
    pieces.append(text[start:])
    return "".join(pieces)


# ---------------------------------------------------------------- the program


def _split_table(source: Source, start: int, arch: str) -> tuple[tuple[tuple[Cell, ...], ...], str, int]:
    """The columns of the program table, the text of the final section, and its offset."""
    text = _without_comments(source, start)
    masked = text
    if '"' in text:
        masked = re.sub(_STRING, lambda m: _masked_string(source, start, m), text)
    end = len(text)
    for match in _FINAL.finditer(masked):
        if not match.start() or not _IN_NAME.match(masked, match.start() - 1):
            end = match.start()
            break
    program = masked[:end]
    if arch in ("X86", "X86_64") and "lock" in program.lower():
        program = re.sub(_LOCK_PREFIX, r"\1 ", program)  # `lock; incl (x)` is one instruction
    rows = program.split(";")
    rest = rows.pop()
    if rest.strip():
        first, last = start + len(program) - len(rest.lstrip()), start + len(program.rstrip())
        ended = InputError("a row of the program does not end", Span(source, last - 1, last), "expected ;")
        raise misspelt(source, first, last) or ended
    threads: int | None = None
    columns: list[list[Cell]] = []
    offset = 0
    for row in rows:
        cells = row.split("|")
        at = offset
        offset += len(row) + 1
        if threads is None:
            if row.strip() or len(cells) > 1:
                threads = _heading(source, cells, start + at)
                columns = [[] for _ in cells]
            continue
        if len(cells) != threads and (len(cells) > 1 or row.strip()):
            _wrong_width(source, cells, start + at, threads)
        for column, cell in zip(columns, cells, strict=False):
            stripped = cell.strip()
            if stripped:
                begin = at + cell.find(stripped)
                if masked is not text:
                    stripped = text[begin : begin + len(stripped)]
                column.append(Cell(stripped, start + begin))
            at += len(cell) + 1
    if threads is None:
        behind = min(start, len(source.text) - 1)
        raise InputError("the test has no program", Span(source, behind, behind + 1), "expected P0 | P1 ;")
    return tuple(map(tuple, columns)), text[end:], start + end


def _threads_with(name: str, table: tuple[tuple[Cell, ...], ...]) -> list[int]:
    """The threads that name a symbolic register."""
    whole = re.compile(re.escape(name) + r"(?!\w)")
    return [thread for thread, cells in enumerate(table) if any(whole.search(cell.text) for cell in cells)]


def _masked_string(source: Source, start: int, match: re.Match[str]) -> str:
    if not match[1]:
        at = start + match.start()
        raise InputError("this string is not closed", Span(source, at, at + 1), 'expected "')
    return '"' + re.sub(_NOT_NEWLINE, "_", match[0][1:-1]) + '"'


def _heading(source: Source, cells: list[str], start: int) -> int:
    """The number of processes; their names must be P0, P1, ... in order."""
    for number, cell in enumerate(cells):
        name = cell.strip()
        match = _PROCESS.match(name)
        if match is None or (match[1].lstrip("0") or "0") != str(number):
            at = start + cell.find(name)
            span = Span(source, at, at + max(1, len(name)))
            if re.fullmatch(r"P\d+\.F", name):
                raise Unsupported("fault handlers are not supported", span)
            name, newline, _ = name.partition("\n")
            if newline and name.rstrip() == f"P{number}":
                end = at + len(name.rstrip())
                raise InputError("the row of the processes does not end", Span(source, end, end + 1), "expected ;")
            message = f"the processes must be P0, P1, ... in order, not {name.rstrip() or 'nothing'}"
            raise InputError(message, span, f"expected P{number}")
        start += len(cell) + 1
    return len(cells)


def _wrong_width(source: Source, cells: list[str], start: int, threads: int) -> NoReturn:
    """Raises InputError: a row does not have as many cells as the table has processes."""
    number = f"{len(cells)} cell{'s' * (len(cells) > 1)}"
    message = f"this row has {number}, the table has {threads} process{'es' * (threads > 1)}"
    counted = cells[:threads]
    behind = start + sum(len(cell) + 1 for cell in counted) - 1
    hint = "one | too many" if len(cells) > threads else "expected |"
    raise InputError(message, Span(source, behind, behind + 1), hint)


def _split_c(source: Source, start: int) -> tuple[Span, str, int]:
    """The span of the C functions, the text of the final section without comments, and its offset."""
    text = source.text
    braces: list[int] = []
    parentheses = 0
    position = start
    end = len(text)
    c_token = re.compile(_C_TOKEN)
    while (match := c_token.search(text, position)) is not None:
        token, position = match[0], match.end()
        if token == "/*":
            position = text.find("*/", position) + 2
            if position < 2:
                raise InputError("this comment is not closed", Span(source, match.start(), match.end()), "expected */")
        elif token == "(*":
            if braces or parentheses:
                position = match.start() + 1
                parentheses += 1
            else:
                position = _end_of_comment(source, match.start())
        elif token == "{":
            braces.append(match.start())
        elif token == "}":
            if not braces:
                raise InputError("there is no { that this } closes", Span(source, match.start(), match.end()))
            braces.pop()
            parentheses = 0
        elif token == "(":
            parentheses += 1
        elif token == ")":
            parentheses = max(0, parentheses - 1)
        elif token[0] == '"':
            if len(token) == 1 or token[-1] != '"':
                quote = Span(source, match.start(), match.start() + 1)
                raise InputError("this string is not closed", quote, 'expected "')
        elif token[0] not in "/'" and not braces and not parentheses:
            end = match.start()
            break
    if braces:
        raise InputError("this { is not closed", Span(source, braces[-1], braces[-1] + 1), "expected }")
    begin = start + len(text[start:end]) - len(text[start:end].lstrip())
    if begin >= end:
        behind = min(start, len(text) - 1)
        raise InputError("the test has no program", Span(source, behind, behind + 1), "expected P0(...) { ... }")
    body = Span(source, begin, start + len(text[start:end].rstrip()))
    # In the C of BUG_ON(*x == 1), `(*` begins no comment.
    final = text[end:] if "BUG_ON" in text[end:] else _without_comments(source, end)
    final = re.sub(_C_COMMENT, lambda match: re.sub(_NOT_NEWLINE, " ", match[0]), final)
    return body, final, end


# ---------------------------------------------------------------- the question


def _final(source: Source, text: str, start: int, body: Span | None, init: tuple[Init, ...], threads: Threads) -> Final:
    """The displayed locations, the filter and the condition."""
    stripped = text.rstrip()
    if not stripped:
        return (), None, Condition("forall", Bool(True), None)
    if body is not None and "BUG_ON" in stripped:
        from litmus.c.bug_on import read_bug_on  # imported here because it imports the C parser

        return read_bug_on(source, stripped, start, body, init)
    return read_final(source, stripped, start, threads)
