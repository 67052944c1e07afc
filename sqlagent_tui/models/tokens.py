"""Prompt parts to tokens, so that no untrusted text ever becomes a control token.

Between two control tokens of the template the text is tokenised in one go, as it was when the model was trained.
Tags that an untrusted text holds are cut in two first: llama.cpp ignores control tokens in plain text when asked to,
but always reads "user defined" ones, and Qwen's `<tool_call>` and `</tool_response>` are such.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple


class Part(NamedTuple):
    """A piece of a rendered prompt. Only `trusted` parts may name control tokens."""

    text: str
    trusted: bool


class PromptEncoder:
    """Turns parts into tokens.

    `specials` maps the text of every control and user-defined token to its id; `plain` tokenises text without
    reading control tokens; `bos` is put first when the vocabulary asks for it and the template didn't.
    """

    def __init__(self, specials: Mapping[str, int], plain: Callable[[str], list[int]], bos: int | None = None) -> None:
        # White space runs (Gemma has such tokens) are harmless and must stay whole.
        self._specials = {text: token for text, token in specials.items() if len(text) > 1 and not text.isspace()}
        self._ids = frozenset(self._specials.values())
        longest_first = sorted(self._specials, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")
        self._plain = plain
        self._bos = bos

    def encode(self, parts: Iterable[Part], *, first: bool = False) -> list[int]:
        """Return the tokens of `parts`. `first`: they open the prompt, so that a BOS token may be due."""
        tokens: list[int] = []
        run: list[str] = []
        for part in parts:
            if not part.trusted:
                run.append(part.text)
                continue
            end = 0
            for match in self._pattern.finditer(part.text):
                run.append(part.text[end : match.start()])
                tokens += self._encode_plain("".join(run))
                tokens.append(self._specials[match[0]])
                run = []
                end = match.end()
            run.append(part.text[end:])
        tokens += self._encode_plain("".join(run))
        if first and self._bos is not None and tokens[:1] != [self._bos]:
            tokens.insert(0, self._bos)
        return tokens

    def _encode_plain(self, text: str) -> list[int]:
        tokens: list[int] = []
        for piece in self._cut(text):
            new = self._plain(piece)
            if not self._ids.isdisjoint(new):  # can't be, by construction; but this is the last line of defence
                new = [token for char in piece for token in self._plain(char) if token not in self._ids]
            tokens += new
        return tokens

    def _cut(self, text: str) -> Sequence[str]:
        """Split `text` inside every tag, after its first character."""
        pieces: list[str] = []
        start = 0
        while match := self._pattern.search(text, start):
            pieces.append(text[start : match.start() + 1])
            start = match.start() + 1
        pieces.append(text[start:])
        return [piece for piece in pieces if piece]


def common_start(first: Sequence[int], second: Sequence[int]) -> int:
    """How many tokens two sequences have in common before they differ."""
    for index, (one, other) in enumerate(zip(first, second, strict=False)):
        if one != other:
            return index
    return min(len(first), len(second))
