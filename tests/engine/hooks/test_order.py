"""The table of the hooks' order is the order in which they run."""

from typing import Any

from ostrdet.apis.search import build_search
from ostrdet.apis.train import build_training
from ostrdet.engine.hooks import ORDER
from ostrdet.engine.hooks.roles import by_role


def names(runner: Any) -> list[str]:
    return [type(hook).__name__ for hook in runner.hooks]


def test_hooks_run_in_the_order_of_the_table(
    tiny_config: Any, tiny_training: Any, tmp_path: Any
) -> None:
    carry = {'default_hooks.carry': {'type': 'CarryHook', 'source': 'elsewhere'}}
    search = build_search(tiny_config(carry), work_dir=tmp_path / 'search')
    train = build_training(tiny_training(), work_dir=tmp_path / 'train')
    for runner in (search, train):
        assert names(runner) == [name for name in ORDER if name in names(runner)]
    assert {*names(search), *names(train)} == set(ORDER)
    assert sorted(by_role(search)) == ['checkpoint', 'console', 'report', 'selector']
    assert sorted(by_role(train)) == ['checkpoint']
