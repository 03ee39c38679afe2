"""Recorded incidents through the helpers: by rule, and by models that behave."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from bench.evaluation import KINDS, Score, evaluate, judge, show, unmarked_numbers
from majorops.ai import PromptContext, prompts
from majorops.domain.enums import Helper
from tests.ai.test_writing import config
from tests.recordings import NAMES, recording

HERE = Path(__file__).resolve().parents[1] / "replays"
# A prompt's text and its version go together: who changes the text counts the version up and
# puts the new sum here.
SUMS = {
    "update": (1, "9358d1023124"),
    "brief": (1, "c3d0bc3fa997"),
    "suggestion": (1, "3c0bddeb5d56"),
    "review": (1, "4000f60e050c"),
}


@pytest.mark.parametrize("name", NAMES)
def test_by_rule_every_fact_is_kept_and_none_invented(name):
    scores = evaluate([recording(name)])
    assert set(scores) == set(KINDS)
    for kind, score in scores.items():
        assert score.drafts > 10, kind
        assert (score.marked, score.unmarked, score.refusals) == (0, [], 0), kind
        assert score.kept == score.facts, name
        assert max(score.lengths) < 900, name


def test_what_a_model_invents_is_marked(model):
    model.says = (
        "Conditions: 5,000 orders and 12.5 % fail since 03:33.\n"
        "Actions: 17 people on it.\n"
        "Next update: in 99 minutes"
    )
    score = evaluate([HERE / "queue-backlog.yaml"], config=config(model))["update, public"]
    assert score.drafts > 10
    assert score.unmarked == []
    assert score.marked >= 4 * score.drafts


def test_a_number_that_nothing_marks_would_be_seen():
    assert unmarked_numbers("7 and 1,240 at 14:01", "1,240 at 14:01:22", []) == ["7"]
    assert unmarked_numbers("7", "", [(0, 1)]) == []
    score = Score()
    judge(score, PromptContext(Helper.UPDATE, "a", "nothing", ""), ["fact"], None)
    assert (score.drafts, score.facts, score.kept) == (1, 1, 0)


def test_the_table(capsys):
    show({"exec brief": Score(drafts=2, facts=4, kept=3, lengths=[10, 20])})
    assert "3 of 4" in capsys.readouterr().out


def test_a_prompt_that_changed_has_a_new_version():
    for prompt in prompts():
        known = SUMS[prompt.helper.value]
        assert (prompt.version, hashlib.sha256(prompt.text.encode()).hexdigest()[:12]) == known
