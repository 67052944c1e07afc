"""What a model server is and offers: told by the list of its models, and by what its kind has besides OpenAI's API.

Who made the list is the surest sign of the kind: llama-server, vLLM, Ollama and llama-cpp-python each sign it.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Final, Literal

import msgspec

from sqlagent_tui.agent.cancel import CancelToken
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.server import failures, http
from sqlagent_tui.models.server.client import Client, Reply

Kind = Literal["llama-server", "vLLM", "llama-cpp-python", "Ollama", "OpenAI-compatible server"]
Counting = Literal["exact", "approximate", "estimated"]

PROBE_SECONDS: Final = 10.0
_OWNERS: Final[dict[str, Kind]] = {
    "llamacpp": "llama-server",
    "vllm": "vLLM",
    "library": "Ollama",
    "me": "llama-cpp-python",
}
_COUNTING: Final[dict[Kind, Counting]] = {
    "llama-server": "exact",
    "vLLM": "exact",
    "llama-cpp-python": "approximate",
}
_NAMED: Final = 20


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What there is."""

    kind: Kind = "OpenAI-compatible server"
    version: str = ""
    model: str
    """The one that is used."""
    models: tuple[str, ...] = ()
    context_size: int = 0
    """Tokens of one conversation; 0: the server doesn't tell."""
    slots: int = 0
    """Conversations at the same time; 0: the server doesn't tell."""

    @property
    def counting(self) -> Counting:
        """How tokens can be counted: as the server does, by its tokenizer without its template, or not at all."""
        return _COUNTING.get(self.kind, "estimated")


def probe(client: Client, wanted: str, key_variable: str, cancel: CancelToken) -> Offer:
    """Look at the server. `wanted` is a model's name; empty: its only one. Raises `ModelError` and `Cancelled`."""
    address = client.address
    try:
        reply = client.get(f"{address.path}/models", cancel, PROBE_SECONDS)
        entries = _entries(reply)
        if reply.status in (404, 405, 501) and wanted and reply.json() is not None:
            return Offer(model=wanted)  # a gateway that doesn't list: the first question will tell
        if entries is None:
            raise _no_list(client, reply, key_variable)
        names = tuple(failures.line(entry["id"]) for entry in entries)
        model = _choose(names, wanted, address.origin)
        entry = entries[names.index(model)]
        kind = _OWNERS.get(str(entry.get("owned_by")), "OpenAI-compatible server")
        offer = Offer(kind=kind, model=entry["id"], models=names, context_size=_positive(entry.get("max_model_len")))
        return _look_closer(client, offer, cancel)
    except http.NotConnectedError as failure:
        raise failures.unreachable(failure) from None
    except http.ConnectionLostError as failure:
        raise failures.broke_off(failure, address, PROBE_SECONDS, begun=False) from None


def _entries(reply: Reply) -> list[dict[str, Any]] | None:
    """The list of models; None when this is none."""
    value = reply.json() if reply.status == 200 else None
    data = value.get("data") if isinstance(value, dict) else None
    if not isinstance(data, list):
        return None
    return [entry for entry in data if isinstance(entry, dict) and isinstance(entry.get("id"), str)]


def _no_list(client: Client, reply: Reply, key_variable: str) -> ModelError:
    if reply.status == 200 or (reply.status not in (401, 403, 429) and reply.status < 500 and reply.json() is None):
        return failures.not_openai(client.address, reply)
    return failures.refused(client, reply, key_variable, "")


def _choose(names: tuple[str, ...], wanted: str, origin: str) -> str:
    if not names:
        raise ModelError(f"The model server at {origin} has no model.", "Have it load one.")
    offered = ", ".join(names[:_NAMED]) + (", …" if len(names) > _NAMED else "")
    if not wanted:
        if len(names) > 1:
            raise ModelError(
                f"The model server at {origin} has several models: {offered}.",
                "Choose one: put #name behind the address, or set `model` under [server].",
            )
        return names[0]
    for name in (wanted, f"{wanted}:latest"):  # Ollama's default tag
        if name in names:
            return name
    raise ModelError(
        f"The model server at {origin} has no model called {failures.line(wanted)}.", f"It offers: {offered}."
    )


def _look_closer(client: Client, offer: Offer, cancel: CancelToken) -> Offer:
    """Add what only this kind of server tells. Nothing depends on it."""
    root, add = client.address.root, msgspec.structs.replace
    if offer.kind == "llama-server":
        props = _object(client, f"{root}/props", cancel)
        settings = props.get("default_generation_settings")
        return add(
            offer,
            version=_text(props.get("build_info")),
            context_size=_positive(settings.get("n_ctx")) if isinstance(settings, dict) else 0,
            slots=_positive(props.get("total_slots")),
        )
    if offer.kind == "vLLM":
        return add(offer, version=_text(_object(client, f"{root}/version", cancel).get("version")))
    if offer.kind == "Ollama":
        running = _object(client, f"{root}/api/ps", cancel).get("models")
        sizes = [
            _positive(entry.get("context_length"))
            for entry in (running if isinstance(running, list) else [])
            if isinstance(entry, dict) and entry.get("name") == offer.model
        ]
        version = _text(_object(client, f"{root}/api/version", cancel).get("version"))
        return add(offer, version=version, context_size=sizes[0] if sizes else 0)
    return offer


def _object(client: Client, path: str, cancel: CancelToken) -> dict[str, Any]:
    with suppress(http.NotConnectedError, http.ConnectionLostError):
        reply = client.get(path, cancel, PROBE_SECONDS)
        value = reply.json() if reply.status == 200 else None
        if isinstance(value, dict):
            return value
    return {}


def _positive(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _text(value: Any) -> str:
    return failures.line(value) if isinstance(value, str) else ""
