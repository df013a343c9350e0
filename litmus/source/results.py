"""Expected verdicts that a test states in its comments.

With `Result: Never`, kernel tests state the verdict of their own model.  (The scripts in tools/memory-model read lines
that begin with ` * Result: ` or `(* Result: `, take the third word, and know DATARACE after it.)
`Expect(power): Never` states the verdict of another model, `Expect(arm, power): Never` that of several models.
"""

from __future__ import annotations

import re

from litmus.diagnostics import InputError, near
from litmus.source.comments import CommentLine
from litmus.source.syntax import Stated

WORDS = ("Never", "Sometimes", "Always", "Maybe", "DEADLOCK")
RACE = "DATARACE"

_EXPECTED = "expected " + " or ".join(WORDS)
_WRITE_RESULT = "write ` * Result: {}` or `(* Result: {} *)`, as the kernel's scripts read it"
_WRITE_EXPECT = "write Expect(power): Never, a line of its own"

_BEGINS_LINE = ("(* ", " * ")
_RESULT = re.compile(r"Result: +(\S+)")
_NEARLY_RESULT = r"\w+[ \t]*([:=-]?)[ \t]*(\w+)\W*(\w*)\W*$"
_EXPECT = re.compile(r"Expect\(([^()]*)\):(?:[ \t]+(\S+)|[ \t]*$)")
# Brackets or one word, then `:` or `=`, then a verdict at the end of the line.
_NEARLY_EXPECT = (
    r"\w+[ \t]*([\[({<][^\])}>]*[\])}>]*\w*|[\w./+-]*[\])}>]*)[ \t]*([:=-]?)[ \t]*(\w+)\W*(?:DATARACE\W*)?$"
)


def read_result(line: CommentLine) -> Stated | str | None:
    """Read a line whose first word is `Result` or nearly that.  Returns a verdict, or a note about prose, or None.

    Raises InputError for a misspelt verdict, and for a line that is almost a statement.
    """
    text = line.text
    match = _RESULT.match(text)
    if match is None or not _is_read_by_scripts(line):
        return _nearly_result(line)
    word, (start, end) = match[1], match.span(1)
    if word in WORDS:
        return Stated(None, word, _is_race(line, end), line.span(start, end))
    hint = near(word, WORDS)
    if hint is not None:
        raise InputError(f"{word} is no verdict", line.span(start, end), hint)
    return _states_nothing(line)


def _is_read_by_scripts(line: CommentLine) -> bool:
    text = line.source.text
    start = line.start - len(_BEGINS_LINE[0])
    return text.startswith(_BEGINS_LINE, max(0, start)) and (start == 0 or text[start - 1] == "\n")


def _nearly_result(line: CommentLine) -> str | None:
    is_word = line.text[: len("result")].lower() == "result"
    match = re.match(_NEARLY_RESULT, line.text)
    if match is not None and (match[1] or is_word) and (not match[3] or near(match[3], (RACE,))):
        found = next((word for word in WORDS if word.lower() == match[2].lower()), None)
        if found is not None or (match[1] and near(match[2], WORDS)):
            message = f"this is almost `Result: {found or match[2]}`, and would not be read"
            word = found or "Never"
            raise InputError(message, line.span(0, match.end(2)), _WRITE_RESULT.format(word, word))
    return _states_nothing(line) if re.match("(?i)results?[ \t]*:", line.text) else None


def _states_nothing(line: CommentLine) -> str:
    return f"line {line.number}, `{line.text}`, states no verdict: that would be one of {', '.join(WORDS)}"


def read_expect(line: CommentLine) -> tuple[Stated, ...] | str:
    """Read a line whose first word is `Expect` or nearly that.  Returns verdicts, or a note about prose, or nothing.

    Raises InputError if the word is no verdict, if no model is named, and for a line that is almost a statement.
    """
    match = _EXPECT.match(line.text)
    if match is None:
        return _nearly_expect(line)
    word = match[2] or ""
    start, end = match.span(2) if word else (match.end(), match.end())
    if word not in WORDS:
        raise InputError(f"{word or 'nothing'} is no verdict", line.span(start, end), near(word, WORDS) or _EXPECTED)
    race = _is_race(line, end)
    stated = []
    at = match.start(1)
    for item in match[1].split(","):
        model = item.strip()
        begin = at + len(item) - len(item.lstrip()) if model else at
        span = line.span(begin, begin + len(model))
        if not model:
            raise InputError("nothing is no model", span, "Expect(power): Never")
        stated.append(Stated(model, word, race, span))
        at += len(item) + 1
    return tuple(stated)


def _nearly_expect(line: CommentLine) -> tuple[Stated, ...] | str:
    text = line.text
    match = re.match(_NEARLY_EXPECT, text)
    if match is not None:
        inside, sign, word = match.groups()
        known = any(word.lower() == verdict.lower() for verdict in WORDS)
        has_bracket = re.search(r"[\[\](){}<>]", inside) is not None
        if (has_bracket and (known or near(word, WORDS))) or (known and sign):
            if not has_bracket and text.lower().startswith("expected"):  # Expected result: never
                return _states_nothing(line)
            message = "this is almost Expect(MODEL): VERDICT, and would not be read"
            raise InputError(message, line.span(0, match.end(3)), _WRITE_EXPECT)
    if re.match(r"Expect\([^()]*(?:$|\)[ \t]*(?:[:=]|$))", text):
        raise InputError("this is no expectation", line.span(0, len(text)), _WRITE_EXPECT)
    return ()


def _is_race(line: CommentLine, end: int) -> bool:
    """Whether DATARACE follows a verdict.  Other words that follow are prose.

    Raises InputError if a second verdict follows, or a misspelt DATARACE.
    """
    words = list(re.finditer(r"\w+", line.text[end:]))
    for word in words:
        span = line.span(end + word.start(), end + word.end())
        if word[0] in WORDS:
            raise InputError("a second verdict on one line", span, "one verdict a line")
        if word is words[0] and word[0] != RACE and near(word[0], (RACE,)):
            raise InputError(f"{word[0]} is no word behind a verdict", span, f"did you mean {RACE}?")
    return bool(words) and words[0][0] == RACE


def refuse_twice(stated: list[Stated]) -> None:
    """Raises InputError if a verdict is stated twice for one model."""
    seen: set[str | None] = set()
    for item in stated:
        if item.model in seen:
            what = "a Result" if item.model is None else f"Expect({item.model})"
            raise InputError(f"{what} is given twice", item.span)
        seen.add(item.model)
