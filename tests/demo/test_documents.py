from __future__ import annotations

import pytest

from sqlagent_tui.demo.documents import format_cnpj, format_cpf, is_cnpj, is_cpf


def test_known_documents() -> None:
    # The official example of the alphanumeric form, and long-published examples of the others.
    assert format_cnpj("12ABC34501DE") == "12.ABC.345/01DE-35"
    assert format_cnpj("112223330001") == "11.222.333/0001-81"
    assert format_cpf("111444777") == "111.444.777-35"


@pytest.mark.parametrize("digit", "0123456789")
def test_one_repeated_digit_is_no_cpf(digit: str) -> None:
    assert not is_cpf(format_cpf(digit * 9))


@pytest.mark.parametrize(
    "text",
    ["111.444.777-36", "111.444.777-45", "11144477735", "111.444.777-3", "", "aaa.bbb.ccc-dd", "111.444.777-35 "],
)
def test_not_a_cpf(text: str) -> None:
    assert not is_cpf(text)


@pytest.mark.parametrize("text", ["11.222.333/0001-82", "11222333000181", "12.abc.345/01DE-35", "00.000.000/0000-00"])
def test_not_a_cnpj(text: str) -> None:
    assert not is_cnpj(text)
