"""One draft against an endpoint that is well, and against one that is not."""

from __future__ import annotations

import threading

import pytest

from majorops.ai import PromptContext, Written, prompt_for, provider_for, write
from majorops.ai.writing import OFF
from majorops.domain.enums import Helper

SIGHT = PromptContext(
    Helper.UPDATE, "Title: payments-api does not respond", "Template text.", "Reading 1 entry."
)
WELL = "Payments-api does not respond.\nThe team is at work."


def config(model, **more) -> dict:
    given = {
        "AI_BASE_URL": model.url,
        "AI_API_KEY": "key-1",
        "AI_MODEL": "m-1",
        "AI_TIMEOUT": 60.0,
        "AI_RETRIES": 0,
    }
    return given | more


def written(model, context: PromptContext = SIGHT, **more) -> Written:
    return list(write(provider_for(config(model, **more)), context, prompt_for(context.helper)))[-1]


def test_a_model_writes_and_each_step_is_seen(model):
    model.pause = 0.11
    steps = list(write(provider_for(config(model)), SIGHT, prompt_for(Helper.UPDATE)))
    assert steps[-1] == Written(WELL, "m-1", "", steps[-1].answer)
    shown = [step for step in steps[:-1] if step]
    assert len(shown) > 5
    assert shown[:10] == sorted(shown[:10], key=len)


def test_what_is_sent_is_the_prompt_and_the_record_and_nothing_to_call(model):
    written(model)
    (body,) = model.asked
    assert set(body) == {"model", "messages", "stream"}
    assert body["model"] == "m-1"
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["messages"][0]["content"] == prompt_for(Helper.UPDATE).text
    assert body["messages"][1]["content"] == f"<record>\n{SIGHT.text}\n</record>"
    assert model.heads[0]["authorization"] == "Bearer key-1"


def test_an_endpoint_without_a_key(model):
    assert written(model, AI_API_KEY=None).model == "m-1"


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("half", "The answer broke off."),
        ("cut", "The answer ran on."),
        ("filter", "The model declined."),
        ("empty", "The answer was empty."),
        ("hang", "No answer in 0.5 s."),
        ("html", "The answer broke off."),
        ("garbage", "The answer could not be read."),
        ("other", "The answer could not be read."),
        ("quota", "The model's quota is used up."),
        ("wrong_key", "The model's key is not accepted."),
        ("gone", "The endpoint has no such model."),
        ("broken", "The model answered with error 500."),
    ],
)
def test_a_model_that_fails_is_replaced_and_the_line_says_so(model, mode, why):
    model.mode = mode
    found = written(model, **({"AI_TIMEOUT": 0.5} if mode == "hang" else {}))
    assert (found.text, found.model, found.note) == ("Template text.", "", f"{why} Template loaded instead.")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ("x " * 50_000, "The answer ran on."),
        ("支付目前失败，团队正在处理这个问题", "The answer had not the parts that were asked for."),
        ("<h1>Status</h1>", "The answer had not the parts that were asked for."),
    ],
)
def test_an_answer_that_is_none(model, says, why):
    model.says = says
    assert written(model).note == f"{why} Template loaded instead."


def test_another_language_is_replaced(model):
    model.says = "Conditions: 支付目前失败\nActions: 团队正在处理\nNext update: 二十分钟后"
    assert written(model).note == "The answer was in another language. Template loaded instead."


def test_markup_is_shown_as_plain_text(model):
    model.says = "**Conditions:** <b>payments-api</b> does not respond.\nActions: `x`\nNext update: not known"
    assert written(model).text == "Payments-api does not respond.\nX."


@pytest.mark.parametrize("mode", ["drip", "silent"])
def test_the_time_for_the_whole_is_bounded(model, mode):
    model.mode = mode
    found = written(model, AI_TIMEOUT=2.0)
    assert found.note == "Not finished in 6 s. Template loaded instead."


def test_who_leaves_ends_it(model):
    model.mode, gone = "drip", threading.Event()
    steps = write(provider_for(config(model)), SIGHT, prompt_for(Helper.UPDATE), gone)
    assert next(steps)
    gone.set()
    assert not [step for step in steps if isinstance(step, Written)]
    assert model.broken.wait(60), "the model goes on writing for nobody"


def test_nobody_to_ask():
    assert provider_for({"AI_MODEL": None}) is None
    (found,) = write(None, SIGHT, prompt_for(Helper.UPDATE))
    assert (found.text, found.model, found.note) == ("Template text.", "", OFF)


def test_nobody_there(model):
    found = written(model, AI_BASE_URL="http://127.0.0.1:9/v1")
    assert found.note == "The model cannot be reached. Template loaded instead."


def test_too_many_at_once_are_written_by_rule(model, monkeypatch):
    from majorops.ai import writing

    monkeypatch.setattr(writing, "_slots", threading.BoundedSemaphore(1))
    model.mode = "drip"
    first = write(provider_for(config(model)), SIGHT, prompt_for(Helper.UPDATE))
    assert next(first)
    assert written(model).note == "The model is busy. Template loaded instead."
    first.close()


def test_the_first_words_come_at_once(model):
    written(model)  # the library is loaded
    model.pause = 0.3
    steps = write(provider_for(config(model, AI_TIMEOUT=10)), SIGHT, prompt_for(Helper.UPDATE))
    assert not isinstance(next(step for step in steps if step), Written)  # the rest is not written yet
    steps.close()
