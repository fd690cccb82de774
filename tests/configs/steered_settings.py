"""The settings of searches whose criterion steers them: it decides edges, or moves alpha."""

from typing import Any

from tests.configs.search_settings import DARTS, DIGITS, PC_DARTS

SHAPLEY = {'criterion': 'Shapley'}
STEERED: dict[str, dict[str, Any]] = {
    'shapley_nb201_digits': {**DIGITS, **SHAPLEY, 'arch_start_epoch': 10},
    'shapley_darts_c10': {
        **PC_DARTS,
        **SHAPLEY,
        'edge_norm': False,
        'arch_start_epoch': 50,
        'arch_lr': 3e-4,
    },
}
for number in (1, 2):
    STEERED[f'sgas{number}_darts_c10'] = {**DARTS, 'criterion': 'SGAS'}
    STEERED[f'sgas{number}_nb201_digits'] = {**DIGITS, 'criterion': 'SGAS'}
