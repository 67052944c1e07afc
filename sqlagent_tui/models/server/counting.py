"""How many tokens a conversation costs on a server: its own count where it has one, else a careful estimate."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.models.server import http
from sqlagent_tui.models.server.client import Client, Reply
from sqlagent_tui.models.server.probe import Counting, Offer

COUNT_SECONDS = 3.0
"""Nobody can cancel a count, so it must not take long."""
_MESSAGE_TOKENS: Final = 6
"""What a template puts around a message, about."""
_LETTERS_PER_TOKEN: Final = 3
# A run of letters, a digit, a sign, a run of white space: Qwen's vocabulary has no token of two digits.
_UNITS: Final = re.compile(r"(?P<word>[^\W\d_]+)|(?P<blank>\s+)|.", re.DOTALL)

Turns = Sequence[dict[str, Any]]
Tools = Sequence[dict[str, Any]]


class TokenCounter:
    """Counts for one server and model."""

    def __init__(self, client: Client, offer: Offer) -> None:
        self._client = client
        self._offer = offer
        self._scale = 1.0
        self.counting: Counting = offer.counting
        """How it counts. A server that fails at it is not asked again before it has answered a question."""
        self._able = True

    def count(self, turns: Turns, tools: Tools) -> int:
        """Return the tokens of a prompt, generation prompt included; more rather than less where it estimates."""
        if self.counting != "estimated":
            try:
                counted = self._ask(turns, tools)
            except (http.NotConnectedError, http.ConnectionLostError):
                counted = None  # the question itself will tell
            else:
                self._able = counted is not None
            if counted is not None:
                return counted
            self.counting = "estimated"
        return self._estimated(turns, tools)

    def learn(self, turns: Turns, tools: Tools, counted: int) -> None:
        """The server has answered, and perhaps said (`counted`, else 0) what the prompt had cost."""
        if self.counting == "estimated" and counted > 0:
            self._scale = min(max(counted / max(estimate(_text(turns, tools)), 1), 0.5), 3.0)
        if self._able:
            self.counting = self._offer.counting

    def _estimated(self, turns: Turns, tools: Tools) -> int:
        return int(estimate(_text(turns, tools)) * self._scale) + _MESSAGE_TOKENS * len(turns)

    def _ask(self, turns: Turns, tools: Tools) -> int | None:
        """The server's own count; None when it has none after all."""
        root, model = self._client.address.root, self._offer.model
        conversation = {"messages": list(turns), **({"tools": list(tools)} if tools else {})}
        if self._offer.kind == "vLLM":
            request = {"model": model, **conversation, "add_generation_prompt": True}
            return _number(self._post(f"{root}/tokenize", request), "count")
        if self._offer.kind == "llama-server":
            prompt = self._post(f"{root}/apply-template", conversation).json()
            if not isinstance(prompt, dict) or not isinstance(prompt.get("prompt"), str):
                return None
            request = {"content": prompt["prompt"], "add_special": True, "parse_special": True}
            tokens = self._post(f"{root}/tokenize", request).json()
            listed = tokens.get("tokens") if isinstance(tokens, dict) else None
            return len(listed) if isinstance(listed, list) else None
        request = {"model": model, "input": _text(turns, tools)}
        counted = _number(self._post(f"{root}/extras/tokenize/count", request), "count")
        return None if counted is None else counted + _MESSAGE_TOKENS * len(turns)

    def _post(self, path: str, request: dict[str, Any]) -> Reply:
        return self._client.post(path, request, CancelToken(), COUNT_SECONDS)


def estimate(text: str) -> int:
    """Return about how many tokens a text is, by the vocabularies of today's small models, rather more than less."""
    tokens = 0
    for unit in _UNITS.finditer(text):
        if word := unit["word"]:
            accented = sum(not letter.isascii() for letter in word)
            tokens += -(-(len(word) + accented) // _LETTERS_PER_TOKEN)
        elif blank := unit["blank"]:
            tokens += blank.count("\n")  # a space belongs to the word after it
        else:
            tokens += 1
    return tokens


def _text(turns: Turns, tools: Tools) -> str:
    parts = [json.dumps(tool, ensure_ascii=False) for tool in tools]
    for turn in turns:
        parts += [value for key, value in turn.items() if isinstance(value, str) and key != "role"]
        parts += [json.dumps(call["function"], ensure_ascii=False) for call in turn.get("tool_calls", ())]
    return "\n".join(parts)


def _number(reply: Reply, key: str) -> int | None:
    value = reply.json() if reply.status == 200 else None
    number = value.get(key) if isinstance(value, dict) else None
    return number if isinstance(number, int) else None
