"""Byte-level BPE for the student, trained on its own corpus.

The pre-tokeniser is Qwen2's regular expression (every digit on its own) without the NFC normaliser, because llama.cpp
has none: the two must cut every text alike.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
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
_BARE_PATTERN: Final = r"\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
"""Letters apart from whatever stands before them; otherwise as above."""
SPACE: Final = "Ġ"
"""How a byte-level vocabulary writes a space."""
SPACED_WORDS: Final = 900
_SPACED_WORD: Final = re.compile(r"(?<= )[^\W\d_]+")


def train_tokenizer(corpora: Iterable[Path], destination: Path, *, vocab_size: int = VOCAB_SIZE) -> Tokenizer:
    """Train on every segment of the corpus files and write `tokenizer.json` to `destination`.

    A name must be cut alike in a question (after a space) and in SQL (after a quote), or copying it means spelling it
    anew. So words are learnt without the space before them, and only the commonest whole words get a second token
    with it. The vocabulary has exactly `vocab_size` entries: where the corpus has too few, unused tokens fill it.
    """
    paths = list(corpora)
    bare = assemble(pattern=_BARE_PATTERN)
    trainer = BpeTrainer(
        vocab_size=vocab_size - min(SPACED_WORDS, vocab_size // 4),
        min_frequency=2,
        special_tokens=_added(SPECIAL_TOKENS, special=True),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    bare.train_from_iterator(_plain_texts(paths), trainer=trainer)
    model = json.loads(bare.to_str())["model"]
    vocabulary: dict[str, int] = model["vocab"]
    merges = [(left, right) for left, right in model["merges"]]
    for word in _common_words(paths):
        if len(vocabulary) == vocab_size:
            break
        if word in vocabulary:
            vocabulary[SPACE + word] = len(vocabulary)
            merges.append((SPACE, word))
    unused = [f"<|unused_{n}|>" for n in range(vocab_size - len(vocabulary))]
    tokenizer = assemble(vocabulary, merges, unused=unused)
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


def assemble(
    vocabulary: dict[str, int] | None = None,
    merges: list[tuple[str, str]] | None = None,
    *,
    unused: Sequence[str] = (),
    pattern: str = QWEN2_PATTERN,
) -> Tokenizer:
    """Pre-tokeniser, decoder and special tokens around a BPE model; without a vocabulary, one to be trained."""
    tokenizer = Tokenizer(BPE(vocabulary, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    if vocabulary is not None:
        tokenizer.add_special_tokens(_added(SPECIAL_TOKENS, special=True))
        tokenizer.add_tokens(_added(unused, special=False))
    return tokenizer


def _added(tokens: Sequence[str], *, special: bool) -> list[AddedToken]:
    return [AddedToken(token, special=special, normalized=False) for token in tokens]


def _common_words(corpora: Iterable[Path]) -> Iterator[str]:
    """Words that follow a space, the commonest first, in the letters of a byte-level vocabulary."""
    counts: Counter[str] = Counter()
    for text in _plain_texts(corpora):
        counts.update(_SPACED_WORD.findall(text))
    spelling = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    for word, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        yield spelling.pre_tokenize_str(word)[0][0]


def _plain_texts(corpora: Iterable[Path]) -> Iterator[str]:
    """Segment texts with the special tokens cut out, so that no merge is learnt from their letters."""
    for path in corpora:
        for text in read_texts(path):
            plain = text
            for token in SPECIAL_TOKENS:
                plain = plain.replace(token, "\n")
            yield plain
