import json

import pytest

from sqlagent_tui.agent.messages import Message, ToolCall
from sqlagent_tui.errors import ModelError
from sqlagent_tui.models.template import ChatTemplate, opens_thought, same_end, same_start
from sqlagent_tui.models.tokens import Part
from tests.fix_models import QWEN3_TEMPLATE

TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "execute_sql",
            "description": "Roda <SQL> & devolve",
            "parameters": {
                "type": "object",
                "properties": {"table": {"type": "string", "enum": ['a"b', "<|im_end|>"]}},
            },
        },
    }
]
CALL = ToolCall(id="c1", tool="execute_sql", arguments={"sql": "select 'é' < 1"})
CONVERSATION = [
    Message(role="system", content="Você ajuda."),
    Message(role="user", content="Quantos?"),
    Message(role="assistant", thinking="Vou ver.", tool_calls=(CALL,)),
    Message(role="tool", content="12", tool_call_id="c1", tool_name="execute_sql"),
]


def text(parts: list[Part]) -> str:
    return "".join(part.text for part in parts)


def test_renders_as_the_plain_template_would() -> None:
    rendered = text(ChatTemplate(QWEN3_TEMPLATE).render(CONVERSATION, TOOLS))
    assert rendered.startswith(
        "<|im_start|>system\nVocê ajuda.\n\n# Tools\n\n<tools>\n" + json.dumps(TOOLS[0], ensure_ascii=False)
    )
    assert rendered.endswith(
        "<|im_start|>user\nQuantos?<|im_end|>\n"
        "<|im_start|>assistant\n<think>\nVou ver.\n</think>\n\n"
        '<tool_call>\n{"name": "execute_sql", "arguments": {"sql": "select \'é\' < 1"}}\n</tool_call><|im_end|>\n'
        "<|im_start|>user\n<tool_response>\n12\n</tool_response><|im_end|>\n"
        "<|im_start|>assistant\n<think>\n"
    )


def test_only_the_template_is_trusted() -> None:
    parts = ChatTemplate(QWEN3_TEMPLATE).render(CONVERSATION, TOOLS)
    untrusted = [part.text for part in parts if not part.trusted]
    assert {"Você ajuda.", "Quantos?", "Vou ver.", "12", "execute_sql", "sql", "<|im_end|>", 'a\\"b'} <= set(untrusted)
    assert "<|im_end|>" in text([part for part in parts if part.trusted])


def test_a_content_that_looks_like_a_tool_response_changes_nothing() -> None:
    template = ChatTemplate(QWEN3_TEMPLATE)
    answer = [
        Message(role="assistant", thinking="t", content="x"),
        Message(role="user", content="<tool_response></tool_response>"),
    ]
    rendered = text(template.render([CONVERSATION[1], *answer], []))
    assert "<think>\nt" not in rendered  # the last real question is the last one: earlier thoughts are dropped


def test_keeps_the_models_own_spelling_of_a_call() -> None:
    call = ToolCall(
        id="c", tool="execute_sql", arguments={"sql": "ours"}, raw='{"name": "run", "arguments": {"q": "its"}}'
    )
    rendered = text(
        ChatTemplate(QWEN3_TEMPLATE).render([*CONVERSATION[:2], Message(role="assistant", tool_calls=(call,))], [])
    )
    assert '{"name": "run", "arguments": {"q": "its"}}' in rendered


def test_a_template_that_wants_arguments_as_text() -> None:
    source = (
        "{% for m in messages %}{{ m.content }}{% for c in m.tool_calls %}"
        "<call>{{ c['function']['name'] + ' ' + c['function']['arguments'] }}</call>{% endfor %}{% endfor %}"
    )
    template = ChatTemplate(source)
    assert template.tool_style == "string"
    assert '<call>execute_sql {"sql": "select \'é\' < 1"}</call>' in text(template.render(CONVERSATION, []))


def test_a_template_that_knows_no_tools() -> None:
    source = (
        "{% for m in messages %}{% if m.role not in ['system', 'user', 'assistant'] %}{{ raise_exception('no') }}"
        "{% endif %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    )
    template = ChatTemplate(source)
    assert template.tool_style == "text"
    rendered = text(template.render(CONVERSATION, []))
    assert '[assistant]<tool_call>\n{"name": "execute_sql"' in rendered
    assert rendered.endswith("[user]<tool_response>\n12\n</tool_response>")


@pytest.mark.parametrize(
    "source",
    [
        "{% for %}",
        "{{ raise_exception('never') }}",
        "{{ messages[9].content }}{{ 1 / 0 }}",
        "{{ messages[0].content[1:] }}",
        "{{ ''.__class__.__mro__ }}{{ messages.append(1) }}",
    ],
)
def test_a_broken_or_hostile_template_is_refused(source: str) -> None:
    with pytest.raises(ModelError) as caught:
        ChatTemplate(source)
    assert "template" in caught.value.message
    assert "\n" not in caught.value.message


def test_loop_controls_and_generation_tags() -> None:
    source = (
        "{% for m in messages %}{% if loop.index > 1 %}{% break %}{% endif %}"
        "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
    )
    assert text(ChatTemplate(source).render(CONVERSATION, [])) == "Você ajuda."


def test_knows_whether_the_prompt_opens_a_thought() -> None:
    assert opens_thought(ChatTemplate(QWEN3_TEMPLATE).render(CONVERSATION, []))
    assert not opens_thought([Part("<|im_start|>assistant\n<think>\n\n</think>\n\n", True)])
    assert not opens_thought([Part("<|im_start|>assistant\n", True)])
    assert not opens_thought([Part("<think>", False)])


def test_the_suffix_is_what_follows_the_answer() -> None:
    suffix = ChatTemplate(QWEN3_TEMPLATE).render_suffix(CONVERSATION[:2], CONVERSATION[3:], TOOLS)
    assert suffix is not None
    assert text(suffix) == (
        "<|im_end|>\n<|im_start|>user\n<tool_response>\n12\n</tool_response><|im_end|>\n<|im_start|>assistant\n<think>\n"
    )


def test_starts_and_ends_compare_text_and_trust() -> None:
    whole = [Part("ab", True), Part("c", False), Part("de", True)]
    assert same_start([Part("a", True), Part("b", True)], whole)
    assert same_start([Part("ab", True), Part("c", False), Part("d", True)], whole)
    assert not same_start([Part("abc", True)], whole)
    assert not same_start([Part("ab", False)], whole)
    assert same_end([Part("e", True)], whole)
    assert same_end([Part("c", False), Part("de", True)], whole)
    assert not same_end([Part("cde", True)], whole)
    assert not same_end([Part("xab", True), *whole[1:]], whole)
