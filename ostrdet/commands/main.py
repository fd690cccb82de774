"""The console script ``ostrdet``: every tool as a subcommand, with the arguments of its script."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

from ostrdet.commands.base import FAILURE
from ostrdet.invocation import PROGRAM, configs_folder
from ostrdet.version import __version__

#: By tool: the module of its command line, and what it does.
TOOLS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        'search': ('search_cli', 'search an architecture'),
        'train': ('train_cli', 'train the network of a genotype'),
        'test': ('evaluate_cli', 'test a trained network'),
        'check': ('check_cli', 'rehearse a run before it starts'),
        'study': ('studies.cli', 'run configs x overrides x seeds, and compare them'),
        'genotype': ('genotype_cli', 'show, check, compare, convert and measure genotypes'),
        'draw-genotype': ('draw_genotype_cli', 'draw the cells of a genotype'),
        'query-benchmark': ('benchmark_cli', 'look up the accuracy of a cell in a table'),
        'report': ('report_cli', 'make the report page of a search'),
        'analyze': ('analyze_cli', 'analyse searches'),
        'predict': ('predict_cli', 'draw what a detector finds'),
        'publish': ('publish_cli', 'publish a checkpoint as safetensors'),
        'export': ('export_cli', 'export a trained network to ONNX or torch.export'),
        'benchmark-latency': ('benchmark_latency_cli', "measure a network's inference"),
    }
)
USAGE = f"""usage: {PROGRAM} TOOL [options]

Differentiable architecture search that selects by operation strength.

tools:
{{tools}}

'{PROGRAM} TOOL --help' lists the options of one; the beginning of a name will do: '{PROGRAM} draw'.
'{PROGRAM}::search/ostr_darts_c10.py' names a config that the package carries:
{{folder}}
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the tool that the first argument names; returns the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] in {'-h', '--help'}:
        print(usage(), end='')
        return 0
    if words[0] == '--version':
        print(f'{PROGRAM} {__version__}')
        return 0
    found = tools_called(words[0])
    if len(found) != 1:
        print(f'error: {_unknown(words[0], found)}', file=sys.stderr)
        return FAILURE
    status: int = import_module(f'ostrdet.apis.{TOOLS[found[0]][0]}').main(words[1:])
    return status


def tools_called(name: str) -> list[str]:
    """The tools that ``name`` may mean: the one of that name, or all that begin with it."""
    name = name.replace('_', '-')
    return [name] if name in TOOLS else [tool for tool in TOOLS if name and tool.startswith(name)]


def usage() -> str:
    """What there is."""
    width = max(map(len, TOOLS))
    lines = [f'  {name:<{width}}  {text}' for name, (_, text) in TOOLS.items()]
    return USAGE.format(tools='\n'.join(lines), folder=configs_folder())


def _unknown(name: str, found: Sequence[str]) -> str:
    if found:
        return f"'{name}' may be {' or '.join(found)}; write one out"
    close = difflib.get_close_matches(name, TOOLS, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ''
    return f"unknown tool '{name}'. {hint}Known: {', '.join(TOOLS)}."
