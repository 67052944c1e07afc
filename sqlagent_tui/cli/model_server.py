"""What `doctor` says of a model on a server."""

from __future__ import annotations

from collections.abc import Iterator

from sqlagent_tui.agent.protocols import Model
from sqlagent_tui.cli.findings import Finding

_NAMED = 10


def served(model: Model) -> Iterator[Finding]:
    """Tell what the server offers, and what is worth knowing of the way to it; nothing for a model file."""
    from sqlagent_tui.models.server.model import ServerModel

    if not isinstance(model, ServerModel):
        return
    offer = model.offer
    others = [name for name in offer.models if name != offer.model]
    if others:
        named = ", ".join(others[:_NAMED]) + (", …" if len(others) > _NAMED else "")
        yield Finding("model", "ok", f"the server also offers {named}")
    if offer.slots:
        yield Finding("model", "ok", f"conversations at the same time: {offer.slots}")
    key = f"API key from {model.key_source}" if model.key_source else "no API key is sent"
    yield Finding("model", "ok", key)
    if not model.info.context_size:
        remedy = "Set `context_size` under [server] in config.toml."
        yield Finding("model", "warning", "The server doesn't tell how many tokens fit.", remedy)
    if model.info.warning:
        yield Finding("model", "warning", model.info.warning)
