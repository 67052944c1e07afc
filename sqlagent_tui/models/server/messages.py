"""A conversation in OpenAI's form.

The server renders and tokenises what it is sent, and reads control tokens wherever they stand. So whatever looks like
one in a text is broken up with an invisible character before it leaves.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any, Final, Literal

from sqlagent_tui.agent.messages import Message
from sqlagent_tui.agent.parser import THINK_CLOSE, THINK_OPEN

ThoughtField = Literal["reasoning_content", "reasoning", "content"]
"""Where a server has a model's thoughts; `content`: between tags, inside the text."""

BREAK: Final = "\u200b"
# ChatML and Llama 3 (<|…|>), DeepSeek (<｜…｜>), Llama 2, Mistral, Gemma, and the tags of Qwen and its relatives.
_CONTROL = re.compile(
    r"<(?=[|｜]|/?(?:s|bos|eos|pad|unk|start_of_turn|end_of_turn|think|tool_call|tool_response|tools)>)"
    r"|\[(?=/?(?:INST|TOOL_CALLS|TOOL_RESULTS|TOOL_CONTENT|AVAILABLE_TOOLS|SYSTEM_PROMPT|THINK|ARGS|CALL_ID)\])"
)


def to_openai(messages: Sequence[Message], thoughts: ThoughtField) -> list[dict[str, Any]]:
    """Return the messages of a request. Thoughts go back to where they came from."""
    turns: list[dict[str, Any]] = []
    notes: list[dict[str, Any]] = []
    for message in messages:
        if message.role == "tool" and not message.tool_call_id:
            # Answers a call that couldn't be read. By the standard only known calls have results, and these come first.
            notes.append({"role": "user", "content": f"<tool_response>\n{inert(message.content)}\n</tool_response>"})
            continue
        if message.role != "tool":
            turns += notes
            notes = []
        turns.append(_turn(message, thoughts))
    return turns + notes


def inert(text: str) -> str:
    """Return `text` with everything broken up that a tokenizer might take for a control token."""
    return _CONTROL.sub(lambda match: match[0] + BREAK, text)


def _turn(message: Message, thoughts: ThoughtField) -> dict[str, Any]:
    content = inert(message.content)
    if message.role == "tool":
        return {"role": "tool", "content": content, "tool_call_id": message.tool_call_id}
    turn: dict[str, Any] = {"role": message.role, "content": content}
    if message.role != "assistant":
        return turn
    if message.thinking:
        thinking = inert(message.thinking)
        if thoughts == "content":
            turn["content"] = f"{THINK_OPEN}\n{thinking}\n{THINK_CLOSE}\n\n{content}"
        else:
            turn[thoughts] = thinking
    if message.tool_calls:
        turn["tool_calls"] = []
        for call in message.tool_calls:
            name, arguments = call.as_written()
            written = inert(json.dumps(arguments, ensure_ascii=False))
            function = {"name": name, "arguments": written}
            turn["tool_calls"].append({"id": call.id, "type": "function", "function": function})
    return turn
