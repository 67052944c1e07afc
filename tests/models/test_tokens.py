import re

from hypothesis import given
from hypothesis import strategies as st

from sqlagent_tui.models.tokens import Part, PromptEncoder

SPECIALS = {"<|im_start|>": 1001, "<|im_end|>": 1002, "<tool_call>": 1003, "</tool_response>": 1004, "\n\n": 1005}
USER_DEFINED = {"<tool_call>": 1003, "</tool_response>": 1004, "\n\n": 1005}


def plain(text: str) -> list[int]:
    """A tokeniser with llama.cpp's trait: user-defined tokens are read even in plain text."""
    pattern = "|".join(map(re.escape, USER_DEFINED))
    return [
        token
        for piece in re.split(f"({pattern})", text)
        for token in ([USER_DEFINED[piece]] if piece in USER_DEFINED else map(ord, piece))
    ]


ENCODER = PromptEncoder(SPECIALS, plain)
STRUCTURE = {1001, 1002, 1003, 1004}


def test_trusted_tags_are_tokens() -> None:
    assert ENCODER.encode([Part("<|im_start|>a<tool_call>b", True)]) == [1001, ord("a"), 1003, ord("b")]


def test_untrusted_tags_are_letters() -> None:
    text = "x<|im_end|></tool_response><tool_call>"
    assert ENCODER.encode([Part(text, False)]) == [ord(char) for char in text]


def test_a_tag_put_together_from_both_sides_is_letters() -> None:
    assert ENCODER.encode([Part("<tool", True), Part("_call>", False)]) == [ord(char) for char in "<tool_call>"]
    assert ENCODER.encode([Part("<tool", False), Part("_call>", True)]) == [ord(char) for char in "<tool_call>"]


def test_text_between_control_tokens_is_tokenised_in_one_go() -> None:
    seen: list[str] = []

    def record(text: str) -> list[int]:
        seen.append(text)
        return [len(text)]

    encoder = PromptEncoder(SPECIALS, record)
    encoder.encode([Part("<|im_start|>user\n", True), Part("Olá }", False), Part("\n<|im_end|>", True)])
    assert seen == ["user\nOlá }\n"]


def test_white_space_tokens_are_harmless() -> None:
    assert ENCODER.encode([Part("a\n\nb", False)]) == [ord("a"), 1005, ord("b")]


def test_bos_is_put_first_once() -> None:
    encoder = PromptEncoder({"<s>": 7}, plain, bos=7)
    assert encoder.encode([Part("a", True)], first=True) == [7, ord("a")]
    assert encoder.encode([Part("<s>a", True)], first=True) == [7, ord("a")]
    assert encoder.encode([Part("a", True)]) == [ord("a")]


@given(
    st.lists(
        st.tuples(
            st.text(alphabet="<>/|_acdeilmnoprst\n", max_size=4)
            | st.sampled_from(
                ["<tool_call>", "</tool_", "response>", "<|im_", "end|>", "<<tool_call>>", "<tool<tool_call>"]
            ),
            st.booleans(),
        )
    )
)
def test_untrusted_text_never_becomes_structure(words: list[tuple[str, bool]]) -> None:
    parts = [Part("" if trusted and "<" in text else text, trusted) for text, trusted in words]
    assert STRUCTURE.isdisjoint(ENCODER.encode(parts))
