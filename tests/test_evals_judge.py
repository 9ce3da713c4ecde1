"""A judge that likes the first place is found out."""

from math import comb

import pytest

from judge_order import check_judge
from tests.eval_files import write


def judged(*winners):
    for pair, (one, other) in enumerate(winners):
        yield {"id": pair, "first": "old", "second": "new", "winner": one}
        yield {"id": pair, "first": "new", "second": "old", "winner": other}


def test_a_judge_that_likes_the_first_place_is_found_out(tmp_path):
    consistent, to_second = [("first", "second"), ("tie", "tie")], [("second", "second"), ("tie", "second")]
    lines = judged(*[("first", "first")] * 8, *consistent, *to_second)
    found, shown = check_judge(write(tmp_path / "judged.jsonl", *lines))
    assert (found["consistent"]["value"], found["consistent"]["n"]) == (pytest.approx(2 / 12, abs=1e-4), 12)
    assert (found["leans_to_first"]["value"], found["leans_to_first"]["n"]) == (0.8, 10)
    assert found["p"] == pytest.approx(2 * sum(comb(10, k) for k in range(3)) / 2**10) and "12 pairs" in shown
