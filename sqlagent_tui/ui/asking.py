"""Whose turn it is: questions go to the worker one at a time, the others wait, and a reply is never a new question."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlagent_tui.ui.agent_worker import AgentWorker
    from sqlagent_tui.ui.presenter import Presenter
    from sqlagent_tui.ui.widgets.conversation import Conversation
    from sqlagent_tui.ui.widgets.prompt import Prompt


class Asking:
    """Sends questions, and keeps those that were typed while a turn runs. For the screen's thread only."""

    def __init__(
        self,
        *,
        agent: AgentWorker,
        conversation: Conversation,
        prompt: Prompt,
        presenter: Presenter,
        changed: Callable[[], None],
    ) -> None:
        self._agent = agent
        self._conversation = conversation
        self._prompt = prompt
        self._presenter = presenter
        self._changed = changed
        self._waiting: deque[str] = deque()
        self.replying = False
        """The next text answers the clarification that the last turn asked for."""

    @property
    def settled(self) -> bool:
        """No question waits for anything but the user's reply."""
        return self.replying or not self._waiting

    def submit(self, question: str, *, fresh: bool = False) -> None:
        """Ask, or remember the question until the turn under way is over. A `fresh` one is never a reply."""
        if fresh:
            self.replying = False
        if self._presenter.busy:
            self._waiting.append(question)
            self._show()
        else:
            self._ask(question)

    def turn_over(self, clarification: bool) -> None:
        """Go on with what waits, unless the turn ended in a question to the user: what waits is no reply."""
        self.replying = clarification
        if not clarification:
            self._ask_next()
        self._show()

    def start_afresh(self) -> None:
        """Take the next text for a new question instead of a reply."""
        self.replying = False
        self._ask_next()
        self._show()

    def cancel(self) -> None:
        """Stop the turn under way, and forget what waits for its end."""
        if self._presenter.busy and not self._presenter.cancelling:
            self._waiting.clear()
            self._presenter.cancel()
            self._agent.cancel()
            self._show()

    def _ask_next(self) -> None:
        if self._waiting:
            self._ask(self._waiting.popleft())

    def _ask(self, question: str) -> None:
        reply, self.replying = self.replying, False
        self._conversation.ask(question)
        self._presenter.begin()
        self._agent.ask(question, reply=reply)
        self._show()

    def _show(self) -> None:
        if self._presenter.busy:
            self._prompt.mode("queue" if self._waiting else "busy", count=len(self._waiting))
        else:
            self._prompt.mode("reply" if self.replying else "question")
        self._changed()
