"""Ids that look shuffled and are not: shown and read back, one at a time and many at once."""

import itertools
import re

import numpy as np
import pytest
from sample_portal.ids import Blocks, Permutation

FORM = re.compile(r"row-[2-9a-km-np-z]{4}[-._~][2-9a-km-np-z]{4}[-._~][2-9a-km-np-z]{4}")


def test_a_shown_id_has_the_portals_form_and_reads_back() -> None:
    permutation = Permutation("row-", "85ca-t3if")
    for counter in [0, 1, 2, 1000, 2**31, 2**63 - 1]:
        assert FORM.fullmatch(permutation.show(counter))
        assert permutation.read(permutation.show(counter)) == counter


def test_many_at_once_are_the_same_as_one_at_a_time() -> None:
    permutation = Permutation("rv-", "85ca-t3if")
    counters = np.arange(4090, 4105, dtype=np.uint64)
    one_by_one = [permutation.show(int(counter)).encode() for counter in counters]
    assert permutation.show_all(counters) == one_by_one
    assert [*map(Blocks(permutation), range(4090, 4105))] == one_by_one


def test_neighbours_do_not_look_like_neighbours() -> None:
    shown = Permutation("row-", "85ca-t3if").show_all(np.arange(1000, dtype=np.uint64))
    assert len(set(shown)) == 1000
    ascents = sum(a < b for a, b in itertools.pairwise(shown))
    assert 400 < ascents < 600


def test_datasets_shuffle_differently() -> None:
    assert Permutation("row-", "85ca-t3if").show(5) != Permutation("row-", "u6pd-qa9d").show(5)


@pytest.mark.parametrize("text", ["", "row-", "row-aaaa-aaaa-aaa", "rv-aaaa-aaaa-aaaa", "row-aaaa-aaaa-aaal", "aaaa"])
def test_what_is_no_id_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Permutation("row-", "85ca-t3if").read(text)
