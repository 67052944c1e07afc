"""A small, honest lexer for PostgreSQL's SQL: enough to see identifiers, and nothing else.

It reads plain, `E''`, `U&''`, `B''`/`X''` and dollar-quoted strings, nested comments and quoted identifiers the way the
server does with `standard_conforming_strings = on`. It only ever explains and refuses early: that a statement is
harmless is decided by the server, so a mistake here costs a clear message, never safety.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal

import msgspec

TokenKind = Literal["word", "quoted", "string", "number", "symbol"]


class Token(msgspec.Struct, frozen=True):
    """One token that is neither blank nor comment; `start` and `end` are 0-based character offsets."""

    kind: TokenKind
    text: str
    """A word folded to lower case, a quoted identifier decoded, a symbol's one character, else the source text."""
    start: int
    end: int


_BLANK = re.compile(r"[ \t\n\r\f\v]+")
_WORD = re.compile(r"[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_$\u0080-\U0010ffff]*")
_NUMBER = re.compile(r"\.?[0-9][0-9A-Za-z_.]*")
_DOLLAR = re.compile(r"\$(?:[A-Za-z_\u0080-\U0010ffff][A-Za-z0-9_\u0080-\U0010ffff]*)?\$")
_COMMENT_EDGE = re.compile(r"/\*|\*/")
_UESCAPE = re.compile(r"uescape", re.IGNORECASE)
_ESCAPED = re.compile(r"([^0-9A-Fa-f+'\"\s])(?=[0-9A-Fa-f]{4}|\+[0-9A-Fa-f]{6})")
_CONTINUED = re.compile(r"(?:[ \t\f\v]|--[^\n\r]*+)*+[\n\r](?:[ \t\n\r\f\v]|--[^\n\r]*+[\n\r])*+'")
"""Between two parts of one string constant: blanks and comments with a line break among them."""
_LINE_END = re.compile(r"[\n\r]")


def tokens(sql: str) -> Iterator[Token]:
    """Yield the tokens of `sql`. Never raises: what isn't closed runs to the end of the text."""
    at = 0
    while at < len(sql):
        skipped = _skip_blank_or_comment(sql, at)
        if skipped > at:
            at = skipped
            continue
        token = _token_at(sql, at)
        yield token
        at = token.end


def _skip_blank_or_comment(sql: str, at: int) -> int:
    if match := _BLANK.match(sql, at):
        return match.end()
    if sql.startswith("--", at):
        end = _LINE_END.search(sql, at)
        return end.end() if end else len(sql)
    if sql.startswith("/*", at):
        depth, position = 1, at + 2
        while depth:
            edge = _COMMENT_EDGE.search(sql, position)
            if edge is None:
                return len(sql)
            depth += 1 if edge.group() == "/*" else -1
            position = edge.end()
        return position
    return at


def _after_blanks(sql: str, at: int) -> int:
    while (skipped := _skip_blank_or_comment(sql, at)) > at:
        at = skipped
    return at


def _string_at(sql: str, at: int) -> Token | None:
    lowered = sql[at : at + 3].lower()
    if lowered.startswith("'"):
        return _string(sql, at, at + 1, backslash=False)
    if lowered.startswith("e'"):
        return _string(sql, at, at + 2, backslash=True)
    if lowered[:2] in ("b'", "x'", "n'"):
        return _string(sql, at, at + 2, backslash=False)
    if lowered == "u&'":
        return _string(sql, at, at + 3, backslash=False)
    if match := _DOLLAR.match(sql, at):
        close = sql.find(match.group(), match.end())
        end = len(sql) if close < 0 else close + len(match.group())
        return Token("string", sql[at:end], at, end)
    return None


def _token_at(sql: str, at: int) -> Token:
    char = sql[at]
    if string := _string_at(sql, at):
        return string
    if sql[at : at + 3].lower() == 'u&"':
        end, name = _quoted(sql, at + 3)
        escape, end = _escape_character(sql, end, name)
        return Token("quoted", _decode_unicode(name, escape), at, end)
    if char == '"':
        end, name = _quoted(sql, at + 1)
        return Token("quoted", name, at, end)
    if match := _WORD.match(sql, at):
        return Token("word", _fold(match.group()), at, match.end())
    if match := _NUMBER.match(sql, at):
        return Token("number", match.group(), at, match.end())
    return Token("symbol", char, at, at + 1)


def _fold(word: str) -> str:
    # The server folds ASCII only (in UTF-8), so that an accented capital stays what it is.
    return "".join(chr(ord(char) + 32) if "A" <= char <= "Z" else char for char in word)


def _string(sql: str, start: int, at: int, *, backslash: bool) -> Token:
    while at < len(sql):
        if sql[at] == "\\" and backslash:
            at += 2
        elif sql[at] == "'":
            if sql.startswith("''", at):
                at += 2
            elif continued := _CONTINUED.match(sql, at + 1):
                at = continued.end()
            else:
                return Token("string", sql[start : at + 1], start, at + 1)
        else:
            at += 1
    return Token("string", sql[start:], start, len(sql))


def _quoted(sql: str, at: int) -> tuple[int, str]:
    begin = at
    while at < len(sql):
        if sql[at] != '"':
            at += 1
        elif sql.startswith('""', at):
            at += 2
        else:
            return at + 1, sql[begin:at].replace('""', '"')
    return len(sql), sql[begin:].replace('""', '"')


def _escape_character(sql: str, at: int, name: str) -> tuple[str, int]:
    """Return the character that begins an escape in the U&"" identifier that ends at `at`, and where its end is told.

    `UESCAPE` takes a string of any notation: where that isn't plain, the first that looks like it in `name` is meant.
    """
    match = _UESCAPE.match(sql, _after_blanks(sql, at))
    token = _string_at(sql, _after_blanks(sql, match.end())) if match else None
    if token is None:
        return "\\", at
    if len(token.text) == 3:
        return token.text[1], token.end
    guessed = _ESCAPED.search(name)
    return (guessed.group(1) if guessed else "\\"), token.end


def _decode_unicode(name: str, escape: str) -> str:
    mark = re.escape(escape)
    pattern = re.compile(rf"{mark}{mark}|{mark}\+([0-9A-Fa-f]{{6}})|{mark}([0-9A-Fa-f]{{4}})")

    def character(match: re.Match[str]) -> str:
        digits = match.group(1) or match.group(2)
        if digits is None:
            return escape
        code = int(digits, 16)
        return chr(code) if code < 0x110000 else match.group()

    return pattern.sub(character, name)
