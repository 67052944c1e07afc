"""What went wrong with a model server, in one sentence with a remedy."""

from __future__ import annotations

import re
from typing import Any, Final

from sqlagent_tui import keyring_store
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.server import http
from sqlagent_tui.models.server.address import Address
from sqlagent_tui.models.server.client import Client, Reply

MAX_DETAIL: Final = 200
_TOO_LONG = re.compile(r"context[ _](length|size|window)|exceed_context|maximum model length", re.IGNORECASE)
_NO_MODEL = re.compile(r"\bmodel\b", re.IGNORECASE)
_CHECK_ADDRESS: Final = "Check the address: it usually ends in /v1."


def unreachable(failure: http.NotConnectedError) -> ModelError:
    """No connection came about."""
    return ModelError(failure.reason, failure.remedy)


def broke_off(failure: http.ConnectionLostError, address: Address, timeout: float, begun: bool) -> ModelError:
    """The connection was lost; `begun`: in mid-answer."""
    where = address.origin
    if failure.silent:
        return ModelError(
            f"The model server at {where} said nothing for {timeout:g} seconds.",
            "Ask again, or give it more time with `timeout_seconds` under [server].",
        )
    if begun:
        return cut_short(address)
    return ModelError(f"The model server at {where} closed the connection without an answer.", _ask_again(address))


def cut_short(address: Address) -> ModelError:
    """A stream ended before the answer did."""
    return ModelError(f"The model server at {address.origin} broke off in mid-answer.", _ask_again(address))


def garbled(address: Address) -> ModelError:
    """What came is no chat completion."""
    return ModelError(f"The model server at {address.origin} sent something that can't be read.", _CHECK_ADDRESS)


def not_openai(address: Address, reply: Reply) -> ModelError:
    """Whatever is there, it is no such server."""
    what = "an HTML page" if reply.kind == "text/html" or reply.body.lstrip()[:1] == b"<" else "no JSON"
    return ModelError(f"{address} isn't an OpenAI-compatible server: it answers with {what}.", _CHECK_ADDRESS)


def reported(client: Client, error: Any) -> ModelError:
    """An error that the server told inside a stream."""
    told = detail(error, client)
    return too_long(told) or ModelError(
        f"The model server at {client.address.origin} failed{_colon(told)}.", _ask_again(client.address)
    )


def refused(client: Client, reply: Reply, key_variable: str, model: str) -> ModelError:
    """The server answered with an error status."""
    address, status = client.address, reply.status
    value = reply.json()
    told = detail(value, client)
    if status in (401, 403):
        return _key_refused(client, key_variable)
    if 300 <= status < 400:
        return ModelError(f"{address} has moved ({status}).", "Give the new address: no redirection is followed.")
    if status == 404 and _NO_MODEL.search(told):
        return ModelError(
            f"The model server at {address.origin} has no model called {line(model)}.", "See `sqlagent-tui doctor`."
        )
    if status in (404, 405) or (value is None and status < 500):
        return ModelError(f"There is no chat completion at {address} ({status}).", _CHECK_ADDRESS)
    if overlong := too_long(told):
        return overlong
    if status == 429:
        return ModelError(f"The model server at {address.origin} has too much to do{_colon(told)}.", "Ask again later.")
    if status == 503:
        return ModelError(
            f"The model server at {address.origin} isn't ready{_colon(told)}.",
            "It may be loading its model: ask again later.",
        )
    if status >= 500:
        return ModelError(f"The model server at {address.origin} failed ({status}){_colon(told)}.", _ask_again(address))
    return ModelError(
        f"The model server at {address.origin} refused the request ({status}){_colon(told)}.", "See the server's log."
    )


def too_long(told: str) -> ModelError | None:
    """The error when `told` says that the prompt doesn't fit, else None."""
    if not _TOO_LONG.search(told):
        return None
    return ModelError(
        f"The prompt doesn't fit into the server's context: {told}.",
        "Start the server with a larger context, or ask about fewer tables.",
    )


def detail(value: Any, client: Client) -> str:
    """Return what an error body says: a bounded, printable line without the key; empty when it says nothing."""
    if isinstance(value, dict):
        value = value.get("error") or value.get("detail") or value.get("message") or ""
    if isinstance(value, list):  # FastAPI's list of what doesn't validate; it also repeats the request
        value = value[0] if value else ""
    if isinstance(value, dict):
        value = value.get("message") or value.get("msg") or value.get("type") or ""
    text = value if isinstance(value, str) else ""
    return line(client.key.hide(text) if client.key else text)


def line(text: str) -> str:
    """Return foreign text on one bounded, printable line, without a full stop."""
    one = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    return (one if len(one) <= MAX_DETAIL else one[: MAX_DETAIL - 1] + "…").rstrip(".")


def _key_refused(client: Client, variable: str) -> ModelError:
    origin = client.address.origin
    place = f"Put it into the environment variable {variable}, or: keyring set {keyring_store.SERVICE} {origin}"
    if client.key is None:
        return ModelError(f"The model server at {origin} wants an API key.", place)
    return ModelError(f"The model server at {origin} refuses the API key from {client.key.source}.", place)


def _ask_again(address: Address) -> str:
    return "See the server's log, and ask again." if not address.local else "See whether it still runs, and ask again."


def _colon(told: str) -> str:
    return f": {told}" if told else ""
