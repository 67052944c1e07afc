"""Agreement, spacing, spans, and what typing may do."""

from __future__ import annotations

import random

from sqlagent_tui.distill.wording import Part, agree, roughen, slot_text, spans, strip_accents, tidy


def test_agreement_with_three_subjects() -> None:
    text = "quant(os/as) |o/a| <o/a>"
    assert agree(text, noun="f", dim="m", measure="f") == "quantas o a"
    assert agree(text) == "quantos o o"


def test_an_empty_slot_leaves_no_double_space() -> None:
    parts = tidy([Part("quantos "), Part("imóveis", "noun"), Part(" "), Part(" existem "), Part(", hoje")])
    assert "".join(part.text for part in parts) == "quantos imóveis existem, hoje"


def test_a_span_in_two_stretches_is_joined() -> None:
    parts = [Part("os 5", "key"), Part(" "), Part("imóveis", "noun"), Part(" "), Part("de maior", "key")]
    assert spans(parts) == {"key": "os 5 … de maior", "noun": "imóveis"}


def test_values_may_lose_accents_and_capitals_and_nothing_else() -> None:
    parts = [Part("quantos imóveis rurais existem em "), Part("Poções d'Água", "f0", "f0.v")]
    rng = random.Random(5)
    allowed = {"Poções d'Água", "poções d'água", "Pocoes d'Agua", "pocoes d'agua", "POÇÕES D'ÁGUA", "POCOES D'AGUA"}
    seen = {slot_text(roughen(parts, rng), "f0.v") for _ in range(600)}
    assert seen <= allowed
    assert len(seen) >= 4


def test_words_around_are_mistyped_now_and_then() -> None:
    parts = [Part("quantos imóveis rurais existem")]
    rng = random.Random(5)
    rough = {strip_accents("".join(p.text for p in roughen(parts, rng))).lower().strip("?. ") for _ in range(400)}
    assert "quantos imoveis rurais existem" in rough
    assert len(rough) > 20
