import json

from tests.llm.conftest import call_of
from trader.llm.client import Means, Message
from trader.llm.means import first_means, messages_as_sent, next_means, response_format


def test_a_model_begins_with_the_surest_means_that_it_is_known_to_take() -> None:
    assert first_means(known=True, takes_format=True) == "native"
    assert first_means(known=False, takes_format=True) == "both"
    assert first_means(known=True, takes_format=False) == "prompt"


def test_every_means_ends_at_the_prompt_and_none_comes_twice() -> None:
    seen: list[Means] = ["native"]
    while (following := next_means(seen[-1])) is not None:
        seen.append(following)
    assert seen == ["native", "json", "prompt"]
    assert next_means("both") == "json"


def test_the_schema_stands_at_the_very_end_where_the_prompt_has_to_say_it() -> None:
    asked = (Message(role="system", content="reports"), Message(role="user", content="role"))
    call = call_of(messages=asked)
    assert messages_as_sent(call, "native") == asked
    for means in ("both", "json", "prompt"):
        sent = messages_as_sent(call, means)
        assert sent[0] == asked[0]
        assert sent[1].content.startswith("role\n\n")
        assert json.loads(sent[1].content.partition("schema:\n")[2]) == call.form_schema


def test_only_a_native_means_sends_the_schema_as_a_parameter() -> None:
    call = call_of()
    native = response_format(call, "native")
    assert native is not None
    assert native["json_schema"] == {"name": "form", "strict": True, "schema": call.form_schema}
    assert response_format(call, "both") == native
    assert response_format(call, "json") == {"type": "json_object"}
    assert response_format(call, "prompt") is None
