"""The fewest loads: against an oracle that tries everything, and against what nobody should do worse than."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Iterable, Mapping

import pytest

from soundgraph.planning.load_order import Order, Task, order
from soundgraph.planning.load_order.items import numbered
from soundgraph.planning.load_order.room import Room
from soundgraph.planning.load_order.search import STATES, _Search

Tasks = list[Task[str]]


def tasks_of(text: str) -> Tasks:
    """ "a1 b1<a1 a2<b1": tasks by name, the load is the first letter, after "<" what each waits for."""
    found = []
    for word in text.split():
        name, _, after = word.partition("<")
        found.append(Task(name, name[0], frozenset(filter(None, after.split(",")))))
    return found


def ones(tasks: Tasks) -> dict[str, int]:
    return dict.fromkeys((task.load for task in tasks), 1)


def fewest_by_trying_everything(tasks: Tasks, sizes: Mapping[str, int], budget: int | None) -> int:
    """Every order of the tasks one by one, every moment of loading, every choice of what to unload. Slow and plain."""

    def fits(loaded: frozenset[str]) -> bool:
        return len(loaded) <= 1 if budget is None else sum(sizes[load] for load in loaded) <= budget

    start: tuple[frozenset[str], frozenset[str]] = (frozenset(), frozenset())
    least = {start: 0}
    waiting = deque([start])
    seen = set()
    while waiting:
        state = waiting.popleft()
        if state in seen:
            continue
        seen.add(state)
        done, loaded = state
        if len(done) == len(tasks):
            return least[state]
        for task in tasks:
            if task.name not in done and task.load in loaded and task.after <= done:
                reached = (done | {task.name}, loaded)
                if least[state] < least.get(reached, 99):
                    least[reached] = least[state]
                    waiting.appendleft(reached)
        for load in sizes:
            for mask in range(1 << len(loaded)):
                kept = frozenset(one for place, one in enumerate(sorted(loaded)) if mask >> place & 1)
                reached = (done, kept | {load})
                if load not in loaded and fits(kept | {load}) and least[state] + 1 < least.get(reached, 99):
                    least[reached] = least[state] + 1
                    waiting.append(reached)
    raise AssertionError("there is always an order")


def by_hand(tasks: Iterable[Task[str]], sizes: Mapping[str, int], budget: int | None) -> int:
    """The loads of doing the tasks as they come, layer by layer, unloading what is used last."""
    tasks = in_layers(list(tasks))
    loaded: set[str] = set()
    loads = 0
    for place, task in enumerate(tasks):
        if task.load in loaded:
            continue
        loads += 1
        following = [later.load for later in tasks[place:]]
        while loaded and (budget is None or sum(sizes[one] for one in loaded) + sizes[task.load] > budget):
            loaded.remove(max(loaded, key=lambda one: following.index(one) if one in following else len(tasks)))
        loaded.add(task.load)
    return loads


def in_layers(tasks: Tasks) -> Tasks:
    done: set[str] = set()
    found: Tasks = []
    while len(found) < len(tasks):
        layer = sorted((task for task in tasks if task.name not in done and task.after <= done), key=lambda t: t.name)
        found += layer
        done.update(task.name for task in layer)
    return found


def drawn(rng: random.Random, n: int, loads: str, share: float) -> Tasks:
    """n tasks, each of which waits for each before it with the chance `share`."""
    return [
        Task(f"t{i:03}", rng.choice(loads), frozenset(f"t{j:03}" for j in range(i) if rng.random() < share))
        for i in range(n)
    ]


def chains(rng: random.Random, n: int, loads: str, length: int) -> Tasks:
    return [Task(f"t{i:03}", rng.choice(loads), frozenset([f"t{i - 1:03}"] if i % length else [])) for i in range(n)]


def check(tasks: Tasks, sizes: Mapping[str, int], budget: int | None, found: Order[str]) -> None:
    """That an order can be carried out as it says, within the budget."""
    by_name = {task.name: task for task in tasks}
    done: list[str] = []
    loaded: set[str] = set()
    loads = peak = 0
    for step in found.steps:
        assert set(step.evicts) <= loaded
        assert step.reload_needed == (step.load not in loaded)
        loaded.difference_update(step.evicts)
        loaded.add(step.load)
        loads += step.reload_needed
        total = sum(sizes[load] for load in loaded)
        assert len(loaded) == 1 if budget is None else total <= budget
        peak = max(peak, total)
        assert step.tasks
        for name in step.tasks:
            assert by_name[name].load == step.load
            assert by_name[name].after <= set(done)
            done.append(name)
    assert sorted(done) == sorted(by_name)
    assert (found.loads, found.peak_bytes) == (loads, peak)
    assert found.lower_bound <= found.loads
    assert found.proven == (found.lower_bound == found.loads)


@pytest.mark.parametrize("part", range(4))
def test_an_order_has_as_few_loads_as_trying_everything_finds(part: int) -> None:
    for seed in range(part * 750, (part + 1) * 750):
        rng = random.Random(seed)
        tasks = drawn(rng, rng.randint(1, 7), "abcd"[: rng.randint(1, 4)], rng.choice([0.1, 0.3, 0.5]))
        sizes = {load: rng.randint(0, 4) for load in sorted(ones(tasks))}
        budget = None if rng.random() < 0.4 else max(sizes.values()) + rng.randint(0, 5)
        found = order(tasks, sizes, budget)
        check(tasks, sizes, budget, found)
        assert found.proven, seed
        assert found.loads == fewest_by_trying_everything(tasks, sizes, budget), seed


def test_what_is_not_proven_lies_between_the_bound_and_the_truth() -> None:
    for seed in range(500):
        rng = random.Random(seed)
        tasks = drawn(rng, 8, "abcd", 0.25)
        sizes = {load: rng.randint(1, 3) for load in sorted(ones(tasks))}
        budget = rng.choice([None, 3, 4, 5])
        truth = fewest_by_trying_everything(tasks, sizes, budget)
        for states in (0, 3, 10):
            found = order(tasks, sizes, budget, states=states)
            check(tasks, sizes, budget, found)
            assert found.lower_bound <= truth <= found.loads, seed


def test_a_search_that_is_cut_short_does_no_worse_than_layer_by_layer() -> None:
    better = 0
    for seed in range(150):
        rng = random.Random(seed)
        tasks = drawn(rng, 40, "abcde", rng.choice([0.03, 0.1])) if seed % 2 else chains(rng, 40, "abcde", 5)
        sizes = {load: rng.randint(1, 4) for load in "abcde"}
        budget = rng.choice([None, 4, 6, 9])
        found = order(tasks, sizes, budget, states=0)
        check(tasks, sizes, budget, found)
        plain = by_hand(tasks, sizes, budget)
        assert found.loads <= plain, seed
        better += found.loads < plain
    assert better > 100


def test_layer_by_layer_is_taken_where_every_other_rule_does_worse() -> None:
    tasks = drawn(random.Random(129), 9, "abcd", 0.25)
    assert order(tasks, {"a": 1, "b": 2, "c": 3, "d": 4}, 6, states=0).loads == 5  # all others: 6


def test_a_hundred_tasks_of_four_loads_are_proven() -> None:
    for seed in range(3):
        rng = random.Random(seed)
        for tasks in (drawn(rng, 100, "abcd", 0.05), chains(rng, 100, "abcd", 5)):
            for budget in (None, 2):
                found = order(tasks, ones(tasks), budget)
                check(tasks, ones(tasks), budget, found)
                assert found.proven


def largest_first(tasks: Tasks) -> int:
    """The loads of always taking what can do most next."""
    done: set[str] = set()
    loads = 0
    while len(done) < len(tasks):
        able = [task for task in tasks if task.name not in done and task.after <= done]
        load = max(ones(tasks), key=lambda load: sum(task.load == load for task in able))
        loads += 1
        while able := [t for t in tasks if t.load == load and t.name not in done and t.after <= done]:
            done.update(task.name for task in able)
    return loads


def test_the_largest_ready_group_first_is_not_always_best() -> None:
    # b has most to do at first, but a1 makes more work for it.
    tasks = tasks_of("b1 b2 b3 a1 b4<a1")
    assert largest_first(tasks) == 3
    assert [step.load for step in order(tasks, ones(tasks), None).steps] == ["a", "b"]


def test_a_chain_that_alternates_needs_a_load_for_each_turn() -> None:
    tasks = tasks_of("a1 b1<a1 a2<b1 b2<a2")
    found = order(tasks, ones(tasks), None)
    assert [step.load for step in found.steps] == ["a", "b", "a", "b"]
    assert (found.loads, found.lower_bound, found.proven) == (4, 4, True)


def test_with_room_for_both_nothing_is_loaded_twice() -> None:
    tasks = tasks_of("a1 b1<a1 a2<b1 b2<a2")
    found = order(tasks, {"a": 3, "b": 4}, 7)
    assert [(step.load, step.reload_needed) for step in found.steps] == [
        ("a", True),
        ("b", True),
        ("a", False),
        ("b", False),
    ]
    assert (found.loads, found.peak_bytes) == (2, 7)


def test_what_is_unloaded_is_what_saves_most_not_what_is_used_last() -> None:
    # As c comes, either a and b go, or d does, which is needed sooner. Furthest use first would unload both small ones.
    tasks = tasks_of("a1 b1 d1 c1<a1,b1,d1 d2<c1 a2<d2 b2<d2")
    sizes = {"a": 1, "b": 1, "d": 2, "c": 2}
    assert order(tasks, sizes, 4, states=0).loads == 6
    found = order(tasks, sizes, 4)
    check(tasks, sizes, 4, found)
    assert found.proven
    assert found.loads == fewest_by_trying_everything(tasks, sizes, 4) == 5


def test_what_has_nothing_left_to_do_is_unloaded_though_there_is_room() -> None:
    tasks = tasks_of("a1 b1<a1 c1<b1")
    found = order(tasks, ones(tasks), 10)
    assert [step.evicts for step in found.steps] == [(), ("a",), ("b",)]
    assert found.peak_bytes == 1


def test_tasks_of_one_load_that_need_each_other_are_one_load() -> None:
    tasks = tasks_of("a1 a2<a1 a3<a2")
    (step,) = order(tasks, ones(tasks), None).steps
    assert step.tasks == ("a1", "a2", "a3")


def test_what_is_always_done_together_counts_as_one() -> None:
    # a2 waits for a1 only, so it is done with it; a4 waits for b1 as a3 does.
    tasks = tasks_of("a1 a2<a1 b1<a1 b2<a2 a3<b1 a4<b1,a1")
    _, _, graph = numbered([(task.name, task.load, task.after) for task in tasks])
    small = graph.collapsed()
    assert sorted(zip(small.load, small.weight, strict=True)) == [(0, 2), (0, 2), (1, 2)]


def test_the_same_tasks_in_another_order_make_the_same_schedule() -> None:
    for seed in range(60):
        rng = random.Random(seed)
        tasks = drawn(rng, 25, "abcd", 0.1)
        sizes = {load: rng.randint(1, 3) for load in "abcd"}
        budget = rng.choice([None, 4])
        expected = order(tasks, sizes, budget)
        rng.shuffle(tasks)
        shuffled = dict(rng.sample(sorted(sizes.items()), len(sizes)))
        assert order(tasks, shuffled, budget) == expected


def test_thousands_of_tasks_that_wait_for_none_take_no_search() -> None:
    tasks = [Task(f"t{place}", "abcdefgh"[place % 8]) for place in range(19_000)]
    for budget in (None, 3):
        found = order(tasks, ones(tasks), budget, states=0)
        assert (found.loads, found.proven) == (8, True)


def test_thousands_of_tasks_in_chains_get_an_order_and_a_bound() -> None:
    tasks = chains(random.Random(0), 4_000, "abcde", 10)
    found = order(tasks, ones(tasks), None)
    check(tasks, ones(tasks), None, found)
    assert 10 < found.lower_bound <= found.loads < by_hand(tasks, ones(tasks), None)


def test_a_search_ends_at_its_bound_with_what_it_knows() -> None:
    rng = random.Random(1)
    tasks = [
        Task(f"t{i:03}", rng.choice("abcdef"), frozenset(f"t{j:03}" for j in rng.sample(range(i), min(i, 2))))
        for i in range(150)
    ]
    short, long = (order(tasks, ones(tasks), 2, states=states) for states in (50, STATES))
    check(tasks, ones(tasks), 2, short)
    assert short.lower_bound <= long.lower_bound <= long.loads <= short.loads
    assert not short.proven


@pytest.mark.parametrize("states", [1, 5, 20])
def test_a_search_that_is_cut_off_forgets_no_bound_that_was_known(states: int) -> None:
    for seed in range(20):
        rng = random.Random(seed)
        tasks = [
            Task(f"t{i:02}", rng.choice("abcd"), frozenset(f"t{j:02}" for j in rng.sample(range(i), min(i, 2))))
            for i in range(40)
        ]
        whole = order(tasks, ones(tasks), None)
        assert whole.proven
        _, loads, graph = numbered([(task.name, task.load, task.after) for task in tasks])
        graph, room = graph.collapsed(), Room([1] * len(loads), None)
        worst = [(load, 0) for load in graph.load]  # one load for each item
        assert len(worst) > whole.loads
        _, bound = _Search(graph, room).exact(worst, whole.loads, states)
        assert bound == whole.loads


def test_nothing_to_do_is_no_load() -> None:
    assert order([], {}, None) == Order((), 0, 0, True, 0)


@pytest.mark.parametrize(
    ("text", "budget", "message"),
    [
        ("a1 b1", 0, "'a' takes 1, more than the budget of 0"),
        ("a1<a2 a2<a1 b1", None, "'a1' waits for itself"),
        ("a1<x1", None, "'a1' waits for 'x1', which is none of the tasks"),
        ("a1 a1", None, "'a1' is there twice"),
    ],
)
def test_what_cannot_be_put_in_order_is_refused(text: str, budget: int | None, message: str) -> None:
    tasks = tasks_of(text)
    with pytest.raises(ValueError, match=message):
        order(tasks, ones(tasks), budget)
