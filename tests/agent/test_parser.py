import pytest
from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.agent.messages import Piece
from sqlagent_tui.agent.parser import Parsed, StreamParser

CALL = '{"name": "execute_sql", "arguments": {"sql": "select 1"}}'


def parse(text: str, *, inside: bool = True, size: int = 0) -> tuple[Parsed, list[Piece]]:
    parser = StreamParser(inside)
    chunks = [text[at : at + size] for at in range(0, len(text), size)] if size else [text]
    pieces = [piece for chunk in chunks for piece in parser.feed(chunk)]
    pieces += parser.flush()
    return parser.finish(), pieces


FULL = (
    f"Preciso contar.\n</think>\n\nVou consultar.\n<tool_call>\n{CALL}\n</tool_call>\n<tool_call>\n{CALL}\n</tool_call>"
)


@pytest.mark.parametrize("size", [0, 1, 2, 3, 5, 7, 11, 64])
def test_tells_apart_whatever_the_chunks(size: int) -> None:
    parsed, pieces = parse(FULL, size=size)
    assert parsed == Parsed("Preciso contar.", "Vou consultar.", (f"\n{CALL}\n", f"\n{CALL}\n"), False)
    assert "".join(piece.text for piece in pieces if piece.kind == "thinking") == "Preciso contar.\n"
    assert "".join(piece.text for piece in pieces if piece.kind == "text") == "Vou consultar.\n"
    assert "".join(piece.text for piece in pieces if piece.kind == "tool_call") == f"{CALL}\n{CALL}\n"


def test_a_call_within_a_thought_is_a_thought() -> None:
    parsed, _ = parse(f"Talvez <tool_call>{CALL}</tool_call>? Não.\n</think>\n\nOlá")
    assert parsed == Parsed(f"Talvez <tool_call>{CALL}</tool_call>? Não.", "Olá", (), False)


def test_a_thought_that_ends_with_a_call_gives_its_last_call() -> None:
    parsed, _ = parse(f"a <tool_call>x</tool_call> b\n<tool_call>\n{CALL}\n</tool_call>\n")
    assert parsed == Parsed("a <tool_call>x</tool_call> b", "", (f"\n{CALL}\n",), False)


def test_a_thought_that_mentions_a_call_and_goes_on_has_none() -> None:
    parsed, _ = parse(f"a <tool_call>{CALL}</tool_call> e depois penso")
    assert parsed.raw_calls == ()
    assert parsed.thinking.endswith("e depois penso")


@pytest.mark.parametrize("bare", [CALL, f"```json\n{CALL}\n```", f"```\n{CALL}\n```", f"\n\n{CALL}\n"])
def test_bare_json_is_a_call(bare: str) -> None:
    parsed, _ = parse(f"penso</think>{bare}")
    assert parsed == Parsed("penso", "", (CALL,), False)


def test_a_list_of_bare_calls() -> None:
    assert len(parse(f"[{CALL}, {CALL}]", inside=False)[0].raw_calls) == 2


@pytest.mark.parametrize("text", ['{"name": "x"}', "{}", "[]", '{"a": {"name": 1}}', "[" * 5000, f"Eis: {CALL}"])
def test_other_json_stays_text(text: str) -> None:
    assert parse(text, inside=False)[0] == Parsed("", text, (), False)


def test_an_unclosed_call_is_reported() -> None:
    parsed, _ = parse('x</think><tool_call>\n{"name": "exec', size=4)
    assert parsed == Parsed("x", "", ('\n{"name": "exec',), True)


def test_a_closing_tag_inside_a_string_belongs_to_it() -> None:
    call = '{"name": "q", "arguments": {"sql": "select \'</tool_call>\', \\"a\\""}}'
    assert parse(f"</think><tool_call>{call}</tool_call>")[0].raw_calls == (call,)


def test_an_unbalanced_quote_does_not_swallow_what_follows() -> None:
    parsed, _ = parse(f'</think><tool_call>{{"name": "a}}</tool_call> depois <tool_call>{CALL}</tool_call>')
    assert parsed == Parsed("", "depois", ('{"name": "a}', CALL), False)


def test_a_call_without_closing_tag_before_the_next() -> None:
    assert parse(f"</think><tool_call>{CALL}\n<tool_call>{CALL}</tool_call>")[0].raw_calls == (f"{CALL}\n", CALL)


def test_another_syntax_within_the_tags_is_kept_verbatim() -> None:
    body = '\n<function=execute_sql>\n<parameter=sql>\nselect "a\n</parameter>\n</function>\n'
    assert parse(f"</think><tool_call>{body}</tool_call>")[0].raw_calls == (body,)


def test_a_stray_end_of_thought_moves_what_came_before_it() -> None:
    assert parse("penso</think>digo", inside=False)[0] == Parsed("penso", "digo", (), False)


def test_a_thought_opened_by_the_model() -> None:
    assert parse("<think>\npenso\n</think>\n\ndigo", inside=False, size=3)[0] == Parsed("penso", "digo", (), False)


def test_half_a_tag_at_the_end_is_text() -> None:
    parsed, pieces = parse("a <tool_c", inside=False)
    assert parsed.text == "a <tool_c"
    assert "".join(piece.text for piece in pieces) == "a <tool_c"


@given(
    st.lists(st.sampled_from(["<think>", "</think>", "<tool_call>", "</tool_call>", CALL, '"', "a", "\n", "<", "é🌳"]))
)
def test_chunking_never_matters(words: list[str]) -> None:
    text = "".join(words)
    for inside in (True, False):
        whole = parse(text, inside=inside)[0]
        assert parse(text, inside=inside, size=1)[0] == whole
        assert parse(text, inside=inside, size=5)[0] == whole
