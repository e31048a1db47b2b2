"""Secrets never show, and what only looks like one stays readable."""

from __future__ import annotations

import pytest

from runner.masking import MASK, Masking


def test_a_configured_secret_is_masked_wherever_it_stands() -> None:
    masking = Masking.of(["s3cr3t-pass", "tok-12345"])
    assert masking.text("login s3cr3t-pass with tok-12345!") == f"login {MASK} with {MASK}!"


def test_a_secret_inside_nested_values_is_masked() -> None:
    masking = Masking.of(["s3cr3t-pass"])
    value = {"a": ["x s3cr3t-pass", 3, None], "b": {"c": ("s3cr3t-pass",)}}
    assert masking.value(value) == {"a": [f"x {MASK}", 3, None], "b": {"c": [MASK]}}


def test_a_secret_that_is_part_of_another_leaves_nothing_of_the_longer_one() -> None:
    assert Masking.of(["abcdef", "abcdefghij"]).text("abcdefghij") == MASK


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("postgresql://crashes:hunter2@db:5432/crashes", "hunter2"),
        ("http://user:p%40ss@portal/resource", "p%40ss"),
        ("password=hunter2 host=db", "hunter2"),
        ("PGPASSWORD='hunter2'", "hunter2"),
        ('{"api_token": "hunter2"}', "hunter2"),
        ("X-App-Token: hunter2", "hunter2"),
        ("/resource/x.json?$$app_token=hunter2&$limit=1", "hunter2"),
    ],
)
def test_an_unknown_secret_is_masked_by_its_shape(text: str, kept: str) -> None:
    assert kept not in Masking().text(text)
    assert MASK in Masking().text(text)


@pytest.mark.parametrize(
    "text",
    [
        "https://data.cityofchicago.org/resource/85ca-t3if.json?$limit=10",
        "password authentication failed for user crashes",
        "2026-11-23 16:00:00 people: 1,000 of 1,000 rows",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert Masking.of(["hunter2"]).text(text) == text


def test_a_password_that_is_an_ordinary_word_does_not_mask_table_names() -> None:
    assert Masking.of(["crashes"]).text("marts.crashes") == "marts.crashes"
    assert Masking.of(["crashes"]).text("postgresql://u:crashes@h/db") == f"postgresql://u:{MASK}@h/db"
