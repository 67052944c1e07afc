"""Byte-level BPE for the student, trained on its own corpus.

The pre-tokeniser is Qwen2's regular expression (every digit on its own) without the NFC normaliser, because llama.cpp
has none: the two must cut every text alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from sqlagent_tui.distill.corpus_file import read_texts

VOCAB_SIZE: Final = 4096
END_OF_TURN: Final = "<|im_end|>"
END_OF_TEXT: Final = "<|endoftext|>"
CONTROL_TOKENS: Final = (END_OF_TEXT, "<|im_start|>", END_OF_TURN)
"""Tokens that only the template may write: never cut out of untrusted text."""
TAG_TOKENS: Final = ("<think>", "</think>", "<tool_call>", "</tool_call>", "<tool_response>", "</tool_response>")
SPECIAL_TOKENS: Final = CONTROL_TOKENS + TAG_TOKENS
QWEN2_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def train_tokenizer(corpora: Iterable[Path], destination: Path, *, vocab_size: int = VOCAB_SIZE) -> Tokenizer:
    """Train on every segment of the corpus files and write `tokenizer.json` to `destination`.

    The vocabulary has exactly `vocab_size` entries: where the corpus has too few merges, unused tokens fill it.
    """
    tokenizer = _untrained()
    trainer = BpeTrainer(
        vocab_size=vocab_size,
        min_frequency=2,
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIAL_TOKENS],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(_plain_texts(corpora), trainer=trainer)
    missing = vocab_size - tokenizer.get_vocab_size()
    tokenizer.add_tokens([AddedToken(f"<|unused_{n}|>", normalized=False) for n in range(missing)])
    destination.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(destination))
    return tokenizer


def load_tokenizer(path: Path) -> Tokenizer:
    """Read a tokenizer written by `train_tokenizer`."""
    return Tokenizer.from_file(str(path))


def encode(tokenizer: Tokenizer, text: str) -> list[int]:
    """Token ids of one text, literal special tokens included."""
    ids: list[int] = tokenizer.encode(text, add_special_tokens=False).ids
    return ids


def _untrained() -> Tokenizer:
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _plain_texts(corpora: Iterable[Path]) -> Iterator[str]:
    """Segment texts with the special tokens cut out, so that no merge is learnt from their letters."""
    for path in corpora:
        for text in read_texts(path):
            plain = text
            for token in SPECIAL_TOKENS:
                plain = plain.replace(token, "\n")
            yield plain
