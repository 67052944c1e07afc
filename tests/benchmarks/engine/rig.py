"""What every measurement in this process needs: an engine and its conversation."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sqlagent_tui.agent.messages import Piece
from sqlagent_tui.models.conversation import Conversation
from sqlagent_tui.models.engine import Engine, Log
from sqlagent_tui.models.generation import Generator
from sqlagent_tui.models.settings import EngineSettings
from sqlagent_tui.models.template import ChatTemplate


class Quiet:
    """A sink that listens to nothing."""

    def progress(self, done: int, total: int) -> None:
        """Ignore it."""

    def pieces(self, pieces: Sequence[Piece]) -> None:
        """Ignore them."""


class Bench:
    """An engine, alone in its process."""

    def __init__(self, path: Path, context_size: int, settings: EngineSettings) -> None:
        self._log = Log(lambda line: None)
        self.engine = Engine(path, context_size=context_size, settings=settings, log=self._log)
        vocabulary = self.engine.vocabulary
        self.encoder = vocabulary.encoder()
        template = ChatTemplate(self.engine.chat_template, bos=vocabulary.bos, eos=vocabulary.eos)
        self.conversation = Conversation(template, self.encoder)
        self.generator = Generator(self.engine, self.encoder)
