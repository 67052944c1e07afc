"""What a role may do beyond reading, in the user's language."""

from __future__ import annotations

from sqlagent_tui.agent.roles import RoleFinding
from sqlagent_tui.ui.messages import Messages


def right_in_words(messages: Messages, finding: RoleFinding) -> str:
    """Return one sentence about the role, which it doesn't name; fit for a terminal."""
    names = ", ".join(finding.names) + (", …" if finding.count > len(finding.names) else "")
    key = f"role.{finding.key}"
    if messages.known(key) is not None:
        return messages(key, names=names)
    return messages.count(key, finding.count, names=names)
