"""What operations are, for every one that is registered."""

import pytest
import torch

from ostrdet.models.ops.op_kinds import FIXED, IDENTITY, LEARNED, op_kind
from ostrdet.models.ops.operations import build_op
from ostrdet.registry import OPS

OPS.import_from_location()


@pytest.mark.parametrize('name', sorted(OPS.module_dict))
def test_the_kind_is_what_the_operation_does(name: str) -> None:
    op = build_op(name, 3, 1, {'type': 'BN', 'affine': False})
    x = torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    kind = op_kind(name)
    assert (kind == LEARNED) == (sum(p.numel() for p in op.parameters()) > 0)
    assert (kind == IDENTITY) == torch.equal(op(x), x)


def test_kinds_of_known_operations() -> None:
    assert op_kind('none') == op_kind('noise') == op_kind('avg_pool_3x3') == FIXED
    assert op_kind('skip_connect') == IDENTITY
    assert op_kind('dil_conv_5x5') == LEARNED


def test_an_unknown_operation_is_refused() -> None:
    with pytest.raises(KeyError, match="unknown operation 'skip'"):
        op_kind('skip')
