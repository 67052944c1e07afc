"""The body of a chat-completions request: the standard's fields, and what each kind of server knows besides."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from sqlagent_tui.agent.parser import THINK_CLOSE
from sqlagent_tui.agent.protocols import GenerationOptions
from sqlagent_tui.models.server.answer import Habits
from sqlagent_tui.models.server.probe import Offer

_TOOL_CHOICE = re.compile(r"tool[ _-]choice|tool[ _-]call[ _-]parser", re.IGNORECASE)


class Abilities(msgspec.Struct):
    """What a server has not yet refused."""

    extras: bool = True
    """Fields beyond the standard's oldest part."""
    parses_calls: bool = True
    """It was started with a parser for tool calls; else they come as text."""

    def give_up_something(self, told: str) -> bool:
        """Take a refusal into account; return whether there was something to give up."""
        if self.parses_calls and _TOOL_CHOICE.search(told):
            self.parses_calls = False
            return True
        if self.extras:
            self.extras = False
            return True
        return False


def payload(
    offer: Offer,
    turns: list[dict[str, Any]],
    tools: list[dict[str, Any]],
    options: GenerationOptions,
    room: int | None,
    abilities: Abilities,
    habits: Habits,
) -> dict[str, Any]:
    """Return the request. `room`: the tokens that an answer may take at most, by the size of the context."""
    sampling = options.sampling
    request: dict[str, Any] = {
        "model": offer.model,
        "messages": turns,
        "stream": True,
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "max_tokens": options.max_tokens if room is None else max(1, min(options.max_tokens, room)),
    }
    if tools:
        request["tools"] = tools
        if not abilities.parses_calls:
            # vLLM then still shows the tools to the model, and leaves its words alone.
            request["tool_choice"] = "none"
    if abilities.extras:
        request["stream_options"] = {"include_usage": True}
        request["seed"] = sampling.seed
        request |= _extras(offer, options, bool(tools), habits)
    return request


def _extras(offer: Offer, options: GenerationOptions, tools: bool, habits: Habits) -> dict[str, Any]:
    sampling = options.sampling
    chosen = {"top_k": sampling.top_k, "min_p": sampling.min_p}
    if offer.kind == "vLLM":
        return {**chosen, "repetition_penalty": sampling.repeat_penalty}
    if offer.kind not in ("llama-server", "llama-cpp-python"):
        return {}
    extras: dict[str, Any] = {**chosen, "repeat_penalty": sampling.repeat_penalty}
    if offer.kind == "llama-server":
        extras["return_progress"] = True
    # llama-server makes a grammar of the tools itself, and takes no other beside them.
    if options.grammar and not (tools and offer.kind == "llama-server"):
        extras["grammar"] = options.grammar if habits.opens_thought is False else after_thought(options.grammar)
    return extras


def after_thought(grammar: str) -> str:
    """Return a grammar that lets a thought come first: these servers apply it from the first token on."""
    name = THINK_CLOSE.removeprefix("</")
    rule = f'thought ::= ( [^<] | "<" [^/] | "</" [^{name[0]}] | "</{name[0]}" [^{name[1]}] )*'
    return f'root ::= ( thought "{THINK_CLOSE}" )? answer\n{rule}\n' + re.sub(
        r"(?m)^root ::=", "answer ::=", grammar, count=1
    )
