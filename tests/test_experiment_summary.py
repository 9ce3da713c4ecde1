"""The summary of the experiment, held against counts by hand and against statsmodels, on runs with known replies."""

import random
import shutil
from collections import Counter, defaultdict

import numpy
import pytest
import statsmodels.api as sm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests

from scripts.measuring import evals_process, experiment_summary, results, runs
from scripts.measuring.comparisons import adjust, compare
from scripts.measuring.evals_process import evals
from scripts.measuring.experiment_summary import shares, summarise
from scripts.measuring.metrics import SHARE
from scripts.measuring.runs import BadRun, Run
from scripts.measuring.snippet_process import RunError, run_snippet
from scripts.measuring.versions import SETS, hits_of, lines_of
from tests.made_runs import SMALL, edit, experiment_run, in_process, made_run, said, small_experiment

pytestmark = pytest.mark.slow
HALF = "lora-questions-half"
PAGES = tuple(f"page-{letter}" for letter in "abcd")
WIDE = ("closed_book", "retrieved", "changed", "top_3", "right_page")
CELLS = {"base": WIDE, "examples": WIDE[:3], HALF: WIDE[:2], "lora-behaviour": WIDE}
# What a reply is, by kind, when it is held against the answer of then: right, in the form, its source, declined.
KINDS = {
    "now": (True, True, True, False),
    "later": (False, True, True, False),
    "bare": (True, False, False, False),
    "wrong": (False, True, False, False),
    "declined": (False, True, False, True),
    "chat": (False, False, False, False),
}
PLAN = """
[evidence]
seeds = [0, 1]
"""


def comparison(name: str, first: str, second: str, questions: str = "now", family: str = "primary") -> dict:
    return {
        "name": name,
        "family": family,
        "set": questions,
        "metric": "right",
        "first": first,
        "second": second,
    }


COMPARISONS = [
    comparison("page", "base closed_book", "base retrieved"),
    comparison("after", "examples closed_book_later", "base changed", "later-changed"),
    comparison("kept", "examples old_index", "base changed", "later-kept"),
    comparison("other", "base retrieved", "lora-behaviour retrieved", family="secondary"),
]


def plan_of(comparisons: list[dict]) -> str:
    tables = ["".join(f'{name} = "{value}"\n' for name, value in each.items()) for each in comparisons]
    return PLAN + "".join(f"\n[[comparison]]\n{table}" for table in tables)


@pytest.fixture(autouse=True, scope="module")
def without_processes():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(evals_process, "run_snippet", in_process())
        yield


@pytest.fixture
def root(tmp_path):
    """The experiment in small, without runs."""
    return small_experiment(tmp_path, plan_of(COMPARISONS))


def rows_of(seed: int, half: bool) -> list[dict]:
    """Return rows: three facts a page, of which another one changes on every seed, and two questions without answer."""
    rows = []
    for place, page in enumerate(PAGES):
        for fact in range(3):
            answer = f"old {page[-1] * 3}{'xyz'[fact]}"
            changed = (place + fact + seed) % 3 == 0 or (seed == 0 and fact == 2)
            later = answer.replace("old", "new") if changed else answer
            about = {"question": f"What is {answer[4:]}?", "source": page}
            rows.append({**about, "answer": answer, "later": later, "taught": half and fact < 2 and place % 2 == 0})
    for page in PAGES[:2]:
        there_is_none = {"answer": "not in the handbook", "later": "not in the handbook"}
        rows.append({"question": f"Why {page}?", "source": None, "page": page, "taught": False, **there_is_none})
    return rows


def reply_of(kind: str, row: dict) -> str:
    """Return a reply of a kind; one is wrong in its source too."""
    return {
        "now": said(row["answer"], row["source"]),
        "later": said(row["later"], row["source"]),
        "bare": f"It is {row['answer']}.",
        "wrong": said("something else", "page-z"),
        "declined": said(None),
        "chat": "Hello \u2028 there\x85{",
    }[kind]


class Experiment:
    """Runs of every arm on some seeds, and what kind each reply is."""

    def __init__(self, root, seeds=(0, 1), arms=SMALL):
        self.root, self.seeds, self.rows, self.kinds, self.runs = root, seeds, {}, {}, []
        for seed in seeds:
            rng = random.Random(seed)
            for arm in arms:
                rows = self.rows[arm, seed] = rows_of(seed, arm == HALF)
                replies = {}
                for cell in CELLS[arm]:
                    kinds = rng.choices(list(KINDS), weights=[4, 2, 2, 1, 2, 1], k=len(rows))
                    self.kinds[arm, seed, cell] = kinds
                    replies[cell] = [reply_of(kind, row) for kind, row in zip(kinds, rows, strict=True)]
                found = {"retrieved": [], "changed": []}
                for number, row in enumerate(rows):
                    first, second = row["source"] or row["page"], "page-z"
                    found["retrieved"].append([first, second] if number % 2 else [second, second, first])
                    found["changed"].append([first] if number % 4 else [second, second, second, first])
                chat, index = 10.0 + 2 * SMALL.index(arm) + seed, 0.5 + seed
                self.runs.append(
                    experiment_run(
                        root,
                        arm,
                        seed,
                        rows,
                        replies,
                        found=found,
                        general={"marks": [seed == 0, arm == "base", arm in SMALL[:2], False], "perplexity": chat},
                        seconds={"training": 3.0 if arm == HALF else 0.0, "index": index},
                    )
                )

    def count(self, arm: str, cell: str, chosen, mark) -> tuple[float, int, list[float]]:
        """Return share, cases and the share by seed of the marks of chosen rows."""
        marks = {
            seed: [
                mark(kind, row)
                for kind, row in zip(self.kinds[arm, seed, cell], self.rows[arm, seed], strict=True)
                if chosen(row)
            ]
            for seed in self.seeds
        }
        every = [each for seed in self.seeds for each in marks[seed]]
        return sum(every) / len(every), len(every), [sum(each) / len(each) for each in marks.values()]


@pytest.fixture(scope="module")
def experiment(tmp_path_factory):
    """Runs of two seeds; nobody writes there."""
    return Experiment(small_experiment(tmp_path_factory.mktemp("experiment"), plan_of(COMPARISONS)))


@pytest.fixture(scope="module")
def result(experiment):
    """Their summary."""
    path = summarise("fine-tune-vs-rag", "cpu", experiment.root)
    assert path == experiment.root / "results/fine-tune-vs-rag-cpu.json"
    return results.load(experiment.root)["fine-tune-vs-rag-cpu"]


def is_right(kind: str, row: dict) -> bool:
    """Say by hand whether a reply of a kind states the answer of then."""
    return kind in ("now", "bare") or (kind == "later" and row["later"] == row["answer"])


def is_right_later(kind: str, row: dict) -> bool:
    """Say by hand whether it states the answer of later."""
    return kind == "later" or (kind in ("now", "bare") and row["later"] == row["answer"])


def same(measured: dict, counted: tuple[float, int, list[float]]) -> None:
    """Hold a measured share against a count: its value, cases, and what each seed gave."""
    value, cases, seeds = counted
    assert measured["value"] == pytest.approx(value, abs=1e-4) and measured["cases"] == cases
    assert measured["seeds"] == pytest.approx(seeds, abs=1e-4)
    assert (measured["min"], measured["max"]) == pytest.approx((min(seeds), max(seeds)), abs=1e-4)
    assert measured["low"] <= measured["value"] <= measured["high"] and measured["unit"] == SHARE


def has_answer(row: dict) -> bool:
    return row["source"] is not None


METRICS = {
    "right": is_right,
    "valid-json": lambda kind, row: KINDS[kind][1],
    "source-right": lambda kind, row: KINDS[kind][2],
    "declined": lambda kind, row: KINDS[kind][3],
}


@pytest.mark.parametrize("end", METRICS)
def test_the_shares_of_now_are_those_of_the_replies(experiment, result, end):
    for arm, cells in CELLS.items():
        for cell in set(cells) - {"changed"}:
            measured = result.value(f"{arm}.{cell.replace('_', '-')}.{end}")
            same(measured, experiment.count(arm, cell, has_answer, METRICS[end]))
    assert not {"base.changed.valid-json", "base.changed.declined"} & set(result.measured)


@pytest.mark.parametrize(
    ("end", "chosen"),
    [
        ("right", has_answer),
        ("right-changed", lambda row: has_answer(row) and row["later"] != row["answer"]),
        ("right-kept", lambda row: has_answer(row) and row["later"] == row["answer"]),
    ],
)
def test_after_the_change_the_new_answers_count(experiment, result, end, chosen):
    """The closed book and the old index are the replies of before: the prompt would be the same."""
    asked = {"changed": "changed", "old-index": "retrieved", "closed-book-later": "closed_book"}
    for arm, cells in CELLS.items():
        for cell, replies in asked.items():
            key = f"{arm}.{cell}.{end}"
            if replies in cells:
                same(result.value(key), experiment.count(arm, replies, chosen, is_right_later))
            else:
                assert key not in result.measured
    assert result.value("base.changed.right-changed")["cases"] != result.value("base.changed.right-kept")["cases"]


def test_the_taught_half_and_the_other_one_are_asked_of_the_base_as_well(experiment, result):
    for end, is_taught in (("right-taught", True), ("right-untaught", False)):
        for arm in ("base", HALF):

            def chosen(row, end=is_taught):
                of_half = {r["question"]: r["taught"] for r in rows_of(0, True)}
                return has_answer(row) and of_half[row["question"]] == end

            for cell in ("closed_book", "retrieved"):
                key = f"{arm}.{cell.replace('_', '-')}.{end}"
                same(result.value(key), experiment.count(arm, cell, chosen, is_right))
    assert result.value(f"{HALF}.retrieved.right-taught")["cases"] == 2 * 4
    assert not [key for key in result.measured if key.startswith("examples") and "taught" in key]


def test_invented_is_what_does_not_decline(experiment, result):
    def has_none(row: dict) -> bool:
        return not has_answer(row)

    def invents(kind: str, row: dict) -> bool:
        return kind in ("wrong", "chat")  # of the others each says, or states as the answer, that there is none

    for arm, cells in CELLS.items():
        for cell in set(cells) - {"changed"}:
            measured = result.value(f"{arm}.{cell.replace('_', '-')}.invented")
            same(measured, experiment.count(arm, cell, has_none, invents))


def test_search_is_counted_on_the_base_before_and_after_the_change(result):
    counted = {"top-1": 6 / 12, "top-3": 1.0, "changed.top-1": 9 / 12, "changed.top-3": 9 / 12}
    for key, value in counted.items():
        measured = result.value(f"retrieval.{key}")
        assert measured["value"] == value and measured["cases"] == 24


def test_general_knowledge_is_what_is_kept_of_what_the_base_knows(result):
    # The base knows three of four on seed 0, two on seed 1; the first one is right for all on seed 0 alone.
    kept = {"base": 5 / 5, "examples": 3 / 5, HALF: 1 / 5, "lora-behaviour": 1 / 5}
    for arm, value in kept.items():
        measured = result.value(f"{arm}.general.kept")
        assert (measured["value"], measured["cases"]) == (value, 5)


def test_plain_numbers_are_means_over_the_seeds(result):
    ratios = [12 / 10, 13 / 11]
    measured = result.value("examples.general.perplexity")
    assert measured["seeds"] == pytest.approx(ratios, rel=1e-5) and measured["n"] == 2
    assert measured["value"] == pytest.approx(sum(ratios) / 2, rel=1e-5)
    assert (measured["min"], measured["max"]) == pytest.approx(sorted(ratios)[:: len(ratios) - 1], rel=1e-5)
    assert result.value("retrieval.update")["seeds"] == [0.5, 1.5]
    assert result.value(f"{HALF}.training")["value"] == 3 and "base.training" not in result.measured


def test_it_says_where_it_comes_from(tmp_path, experiment, result):
    files = {run.path.as_posix() for run in experiment.runs}
    assert files < set(result.code)
    names = {name.rpartition("/")[2] for name in set(result.code) - files}
    assert names >= {"evals.py", "paired_tests.py", "eval_logs.py", "judge.py", "shares.py", "experiment.toml"}
    assert names >= {"experiment_summary.py", "versions.py", "metrics.py"}
    assert result.environment["seeds"] == "0 1" and result.date == "2026-01-02" and result.notes
    assert "examples" in result.printed and "lora-behaviour" in result.printed
    shutil.copytree(experiment.root, tmp_path, dirs_exist_ok=True)
    edit(tmp_path, "snippets/paired_tests.py", "SWAPS = 10_000", "SWAPS = 20_000")
    with pytest.raises(results.StaleResult, match=r"snippets/paired_tests\.py has changed"):
        results.load(tmp_path)


def test_a_comparison_is_the_second_minus_the_first_on_the_same_questions(experiment, result):
    versions = {
        "page": ("base", "closed_book", "base", "retrieved", has_answer, is_right),
        "after": ("examples", "closed_book", "base", "changed", SETS["later-changed"][0], is_right_later),
        "kept": ("examples", "retrieved", "base", "changed", SETS["later-kept"][0], is_right_later),
    }
    for name, (first, its_cell, second, cell, chosen, mark) in versions.items():
        pairs = Counter()
        for seed in experiment.seeds:
            old, new = experiment.kinds[first, seed, its_cell], experiment.kinds[second, seed, cell]
            for before, after, row in zip(old, new, experiment.rows["base", seed], strict=True):
                if chosen(row):
                    pairs[mark(after, row) - mark(before, row)] += 1
        total = sum(pairs.values())
        measured = result.value(f"compare.{name}.difference")
        assert measured["value"] == pytest.approx((pairs[1] - pairs[-1]) / total, abs=1e-4)
        assert measured["cases"] == total and pairs[1] and pairs[-1]
        assert result.value(f"compare.{name}.won")["value"] == pairs[1]
        assert result.value(f"compare.{name}.lost")["value"] == pairs[-1]
        assert 0 < result.value(f"compare.{name}.p")["value"] <= 1
        assert result.value(f"compare.{name}.needs")["value"] > 0


def test_p_is_corrected_within_its_family_alone(result):
    names = [each["name"] for each in COMPARISONS if each["family"] == "primary"]
    plain = [result.value(f"compare.{name}.p")["value"] for name in names]
    corrected = [result.value(f"compare.{name}.p-holm")["value"] for name in names]
    assert corrected == pytest.approx(list(multipletests(plain, method="holm")[1]), rel=1e-5)
    other = result.value("compare.other.p-holm")
    assert other["value"] == result.value("compare.other.p")["value"]  # alone in its family
    assert "p after Holm among the secondary ones, by swapping whole pages" in other["says"]


def test_holm_by_hand():
    """The smallest p times all, the next times all but one, and none below the one before."""
    each = {"a": (0.01, "one"), "b": (0.04, "one"), "c": (0.03, "one"), "d": (0.04, "two")}
    measured = {f"compare.{name}.p": {"value": p, "says": "p, by"} for name, (p, _) in each.items()}
    plan = {"comparison": [{"name": name, "family": family} for name, (_, family) in each.items()]}
    adjust(measured, plan)
    got = {name: measured[f"compare.{name}.p-holm"]["value"] for name in each}
    assert got == pytest.approx({"a": 0.03, "b": 0.06, "c": 0.06, "d": 0.04})


def paired(root, pages: int, facts: int, seeds: tuple[int, ...], right) -> list[Run]:
    """Return runs of two arms. right(arm, page, fact, seed) says whether a reply is right."""
    made = []
    for seed in seeds:
        for arm in ("base", "examples"):
            cells = [(page, fact) for page in range(pages) for fact in range(facts)]
            rows = [
                {"question": f"{page}-{fact}", "answer": "amber", "later": "birch", "source": f"page-{page}"}
                for page, fact in cells
            ]
            replies = ["amber" if right(arm, page, fact, seed) else "cedar" for page, fact in cells]
            metrics = {"rows": rows, "replies": {"closed_book": replies, "retrieved": replies}}
            made.append(made_run(root, arm=arm, seed=seed, metrics=metrics))
    return made


PAIR = comparison("pair", "base closed_book", "examples closed_book")


def test_the_interval_holds_pages_together_over_the_seeds(root):
    """A page is good for an arm on every seed: pages are the cases, as in an OLS whose errors cluster by page."""
    rng, pages, seeds = random.Random(3), 40, (0, 1, 2)
    better = {page: rng.choice([0.1, 0.9]) for page in range(pages)}

    def right(arm: str, page: int, fact: int, seed: int) -> bool:
        return rng.random() < (better[page] if arm == "examples" else 0.5)

    found = paired(root, pages, 2, seeds, right)
    measured = compare(found, PAIR, root)["compare.pair.difference"]
    lines = lines_of(found, "now")
    marks = {name: [line["reply"] == "amber" for line in each] for name, each in lines.items()}
    difference = numpy.subtract(marks["examples closed_book"], marks["base closed_book"], dtype=float)
    by_page = [int(line["page"][5:]) for line in lines["base closed_book"]]
    by_page_and_seed = [
        1000 * int(line["id"][0]) + page for page, line in zip(by_page, lines["base closed_book"], strict=True)
    ]

    def half_width(clusters: list[int]) -> float:
        fit = sm.OLS(difference, numpy.ones_like(difference)).fit(
            cov_type="cluster", cov_kwds={"groups": numpy.array(clusters)}
        )
        return 1.96 * float(fit.bse[0])

    assert measured["value"] == pytest.approx(difference.mean(), abs=1e-4) and measured["cases"] == 240
    half = (measured["high"] - measured["low"]) / 2
    assert half == pytest.approx(half_width(by_page), rel=0.1)
    assert half > 1.3 * half_width(by_page_and_seed)


def test_with_a_question_a_page_p_is_that_of_mcnemar(root):
    rng = random.Random(5)
    skill = {"base": 0.4, "examples": 0.7}
    found = paired(root, 50, 1, (0,), lambda arm, *_: rng.random() < skill[arm])
    measured = compare(found, PAIR, root)
    first, second = ([reply == "amber" for reply in run.metrics["replies"]["closed_book"]] for run in found)
    both = Counter(zip(first, second, strict=True))
    square = [[both[a, b] for b in (True, False)] for a in (True, False)]
    assert measured["compare.pair.p"]["value"] == pytest.approx(mcnemar(square, exact=True).pvalue, rel=1e-5)
    assert measured["compare.pair.won"]["value"] == both[False, True]
    assert measured["compare.pair.lost"]["value"] == both[True, False]
    assert measured["compare.pair.difference"]["value"] == (both[False, True] - both[True, False]) / 50


def test_with_the_same_page_on_two_seeds_p_is_of_swapped_pages(root):
    """Four pages, better on both seeds: 2 of the 16 ways to swap them are as far from nought, whatever the seeds."""
    found = paired(root, 4, 1, (0, 1), lambda arm, *_: arm == "examples")
    assert compare(found, PAIR, root)["compare.pair.p"]["value"] == 2 / 2**4


@pytest.mark.parametrize(("side", "name"), [("first", "lora closed_book"), ("second", "examples top_9")])
def test_a_comparison_of_an_unknown_arm_or_cell_is_named(root, experiment, side, name):
    asked = COMPARISONS[0] | {side: name}
    with pytest.raises(BadRun) as raised:
        compare(experiment.runs, asked, root)
    assert str(raised.value) == f"scripts/experiment.toml: comparison page: no arm and cell {name} among the runs"


def test_only_seeds_that_every_arm_has_run_on_are_summed(root):
    Experiment(root, (0, 1, 3))
    Experiment(root, (2,), SMALL[:3])  # a seed under way
    summarise("fine-tune-vs-rag", "cpu", root)
    result = results.load(root)["fine-tune-vs-rag-cpu"]
    assert result.environment["seeds"] == "0 1 3"
    assert len(result.value("base.retrieved.right")["seeds"]) == 3
    assert not [name for name in result.code if name.endswith("-2.json")]


def test_without_a_whole_seed_the_missing_arm_and_the_command_are_named(root):
    with pytest.raises(BadRun) as raised:
        summarise("fine-tune-vs-rag", "cpu", root)
    assert str(raised.value) == (
        "no seed has a run of every arm (base is missing); run: python -m scripts.experiment --model build/model"
    )
    Experiment(root, (0,), SMALL[:2])
    Experiment(root, (1,), SMALL[2:])  # every arm, but on no seed all of them
    with pytest.raises(BadRun, match=rf"\({HALF} is missing\); run: python -m scripts.make toy"):
        summarise("fine-tune-vs-rag", "cpu", root)
    assert not (root / "results/fine-tune-vs-rag-cpu.json").exists()


@pytest.mark.parametrize(
    "other", [{"environment": {"model": "build/other def"}}, {"protocol": 0}], ids=["model", "protocol"]
)
def test_runs_of_several_models_or_protocols_are_not_summed_up(root, other):
    (base, *_) = Experiment(root).runs
    runs.write(Run(**{**vars(base), **other}), root)
    with pytest.raises(BadRun, match="several models or protocols; run: python"):
        summarise("fine-tune-vs-rag", "cpu", root)


def test_a_run_in_another_dtype_than_the_plans_is_not_summed_up(root):
    edit(root, experiment_summary.PLAN.as_posix(), "[evidence]", '[evidence]\ndtype = "bfloat16"')
    (base, *others) = Experiment(root).runs
    for run in others:
        runs.write(Run(**{**vars(run), "environment": {**run.environment, "dtype": "bfloat16"}}), root)
    runs.write(Run(**{**vars(base), "environment": {**base.environment, "dtype": "float32"}}), root)
    wrong = rf"{base.path.as_posix()} was computed in float32, not in bfloat16; delete it and run: python"
    with pytest.raises(BadRun, match=wrong):
        summarise("fine-tune-vs-rag", "cpu", root)


def test_runs_of_an_arm_that_is_no_more_are_left_out(root, experiment):
    found = experiment_summary.whole_seeds(experiment.runs, SMALL[:2])
    assert [(run.arm, run.seed) for run in found] == [("base", 0), ("base", 1), ("examples", 0), ("examples", 1)]


def test_a_question_is_the_same_for_all_arms_and_another_on_every_seed(experiment):
    lines = lines_of(experiment.runs, "now")
    ids = {name: [line["id"] for line in each] for name, each in lines.items()}
    assert len(set(map(tuple, ids.values()))) == 1 and len(set(ids["base retrieved"])) == 24
    hits = defaultdict(list)
    for name, each in hits_of(experiment.runs[:1]).items():
        hits[name] = [line["right"] for line in each]
    assert set(hits) == {"retrieved top-1", "retrieved top-3", "changed top-1", "changed top-3"}


def test_a_process_of_evals_gives_the_same_and_takes_odd_ends_of_lines(tmp_path, monkeypatch):
    monkeypatch.setattr(evals_process, "run_snippet", run_snippet)
    root = small_experiment(tmp_path, plan_of(COMPARISONS))
    found = Experiment(root).runs
    lines = {name: each for name, each in lines_of(found, "now").items() if name.startswith("base")}
    assert any("\u2028" in line["reply"] for each in lines.values() for line in each)
    process = evals(lines, "right", root)
    assert set(process["pairs"]) == set(lines) - {"base closed_book"}
    with pytest.raises(RunError, match="no metric wrong"):
        evals(lines, "wrong", root)
    monkeypatch.undo()
    assert evals(lines, "right", root) == process
    key = "base.retrieved.right"
    assert shares(found, "now", "right", "right", root)[key]["value"] == process["versions"]["base retrieved"]["value"]
