"""The console script ``ostrdet``: every tool as a subcommand, with the arguments of its script."""

import difflib
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from types import MappingProxyType

from ostrdet.errors import MEANINGS, Status
from ostrdet.invocation import PROGRAM, configs_folder
from ostrdet.version import __version__

#: What each tool does; its module here has its name.
TOOLS: Mapping[str, str] = MappingProxyType(
    {
        'search': 'search an architecture',
        'select': 'select anew from a finished search',
        'train': 'train the network of a genotype',
        'test': 'test a trained network',
        'check': 'rehearse a run before it starts',
        'study': 'run configs x overrides x seeds, and compare them',
        'new': 'begin a project of your own in a folder',
        'genotype': 'show, check, compare, convert and measure genotypes',
        'draw-genotype': 'draw the cells of a genotype',
        'query-benchmark': 'look up the accuracy of a cell in a table',
        'baseline': 'simulate a baseline on a table',
        'report': 'make the report page of a search',
        'analyze': 'analyse searches',
        'predict': 'draw what a network finds on images',
        'publish': 'publish a checkpoint as safetensors',
        'export': 'export a trained network to ONNX or torch.export',
        'benchmark-latency': "measure a network's inference",
    }
)
USAGE = f"""usage: {PROGRAM} TOOL [options]

Differentiable architecture search that selects by operation strength.

tools:
{{tools}}

exit statuses:
{{statuses}}

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
        return Status.BAD_INPUT
    status: int = import_module(module_of(found[0])).main(words[1:])
    return status


def module_of(tool: str) -> str:
    """The module of a tool's command line."""
    return f'ostrdet.commands.{tool.replace("-", "_")}'


def tools_called(name: str) -> list[str]:
    """The tools that ``name`` may mean: the one of that name, or all that begin with it."""
    name = name.replace('_', '-')
    return [name] if name in TOOLS else [tool for tool in TOOLS if name and tool.startswith(name)]


def usage() -> str:
    """What there is."""
    return USAGE.format(tools=_table(TOOLS), statuses=_table(MEANINGS), folder=configs_folder())


def _table(texts: Mapping[str, str]) -> str:
    width = max(map(len, texts))
    return '\n'.join(f'  {name:<{width}}  {text}' for name, text in texts.items())


def _unknown(name: str, found: Sequence[str]) -> str:
    if found:
        return f"'{name}' may be {' or '.join(found)}; write one out"
    close = difflib.get_close_matches(name, TOOLS, n=1)
    hint = f"Did you mean '{close[0]}'? " if close else ''
    return f"unknown tool '{name}'. {hint}Known: {', '.join(TOOLS)}."
