"""The student's own template: what it renders is what the corpus trains on."""

from pathlib import Path

import jinja2

import sqlagent_tui.distill

TEMPLATE = Path(sqlagent_tui.distill.__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
CALL = {"function": {"name": "execute_sql", "arguments": '{"sql": "SELECT 1"}'}}


def render(*messages: dict[str, object]) -> str:
    return jinja2.Environment().from_string(TEMPLATE).render(messages=messages, add_generation_prompt=True)


def test_one_whole_trajectory() -> None:
    rendered = render(
        {"role": "system", "content": "Agente"},
        {"role": "user", "content": "Quantos?"},
        {"role": "assistant", "content": "", "reasoning_content": "Quantos: count(*)", "tool_calls": [CALL]},
        {"role": "tool", "content": "1"},
        {"role": "tool", "content": "2"},
        {"role": "assistant", "content": "", "reasoning_content": "", "tool_calls": [CALL, CALL]},
        {"role": "tool", "content": "3"},
    )
    assert rendered == (
        "<|im_start|>system\nAgente<|im_end|>\n<|im_start|>user\nQuantos?<|im_end|>\n<|im_start|>assistant\n<think>\n"
        'Quantos: count(*)\n</think>\n\n<tool_call>\n{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}}\n'
        "</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\n1\n</tool_response>\n<tool_response>\n2\n"
        "</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
        '<tool_call>\n{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}}\n</tool_call>\n'
        '<tool_call>\n{"name": "execute_sql", "arguments": {"sql": "SELECT 1"}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\n3\n</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n"
    )


def test_a_new_question_drops_earlier_thoughts() -> None:
    rendered = render(
        {"role": "user", "content": "A multa?"},
        {"role": "assistant", "content": "", "reasoning_content": "falta o número", "tool_calls": [CALL]},
        {"role": "user", "content": "Do auto 12"},
    )
    assert "falta" not in rendered
    assert rendered.startswith("<|im_start|>user\nA multa?<|im_end|>\n<|im_start|>assistant\n<tool_call>\n")


def test_arguments_may_be_an_object() -> None:
    call = {"name": "get_table_schema", "arguments": {"table_names": ["a", "b"]}}
    rendered = render(
        {"role": "user", "content": "x"}, {"role": "assistant", "content": "Vou ver.", "tool_calls": [call]}
    )
    assert 'Vou ver.\n<tool_call>\n{"name": "get_table_schema", "arguments": {"table_names": ["a", "b"]}}\n' in rendered
