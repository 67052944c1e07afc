"""Brazilian documents: check digits of CPF and CNPJ, the alphanumeric CNPJ of July 2026 included."""

from __future__ import annotations

import re
from typing import Final

_CPF_MASK: Final = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")
_CNPJ_MASK: Final = re.compile(r"[0-9A-Z]{2}\.[0-9A-Z]{3}\.[0-9A-Z]{3}/[0-9A-Z]{4}-\d{2}")
_CPF_WEIGHTS: Final = (11, 10, 9, 8, 7, 6, 5, 4, 3, 2)
_CNPJ_WEIGHTS: Final = (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)


def format_cpf(base: str) -> str:
    """`ddd.ddd.ddd-dd` from the nine digits before the check digits."""
    full = _with_check_digits(base, _CPF_WEIGHTS)
    return f"{full[:3]}.{full[3:6]}.{full[6:9]}-{full[9:]}"


def format_cnpj(base: str) -> str:
    """`AA.AAA.AAA/AAAA-DD` from the twelve characters [0-9A-Z] before the check digits."""
    full = _with_check_digits(base, _CNPJ_WEIGHTS)
    return f"{full[:2]}.{full[2:5]}.{full[5:8]}/{full[8:12]}-{full[12:]}"


def is_cpf(text: str) -> bool:
    """Whether `text` is a CPF with its mask and right check digits."""
    if not _CPF_MASK.fullmatch(text):
        return False
    digits = text.replace(".", "").replace("-", "")
    return len(set(digits)) > 1 and digits == _with_check_digits(digits[:9], _CPF_WEIGHTS)


def is_cnpj(text: str) -> bool:
    """Whether `text` is a CNPJ with its mask and right check digits."""
    if not _CNPJ_MASK.fullmatch(text):
        return False
    characters = re.sub(r"[./-]", "", text)
    return len(set(characters)) > 1 and characters == _with_check_digits(characters[:12], _CNPJ_WEIGHTS)


def _with_check_digits(base: str, weights: tuple[int, ...]) -> str:
    for _ in range(2):
        # The weights end at the last character, whatever the length.
        values = [ord(character) - 48 for character in base]
        rest = sum(w * v for w, v in zip(weights[-len(values) :], values, strict=True)) % 11
        base += "0" if rest < 2 else str(11 - rest)
    return base
