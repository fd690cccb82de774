"""The commands of ``tools/genotype.py``."""

import argparse
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.text import Text

from ostrdet.errors import GenotypeError
from ostrdet.output import plain_console
from ostrdet.spaces import build_space
from ostrdet.spaces.zoo import get_genotype, zoo_files, zoo_folder
from ostrdet.structures import Genotype, load_collection, save_genotype
from ostrdet.structures.genotype_file import to_json
from ostrdet.structures.text_formats import TEXT_FORMATS

DIFFERENT = STALE = 1


def list_names(args: argparse.Namespace) -> None:
    """Print a line for each published genotype: its name, and its method or else its origin."""
    lines = {}
    for path in dict.fromkeys(zoo_files(zoo_folder()).values()):
        for name, genotype in load_collection(path).genotypes.items():
            lines[name] = str(genotype.provenance.get('method', genotype.origin))
    width = max(map(len, lines), default=0)
    for name in sorted(lines):
        line = f'{name:<{width}}  {lines[name]}'
        if args.word.lower() in line.lower():
            print(line)


def show(args: argparse.Namespace) -> None:
    """Print the cells of a genotype, its provenance and its text form."""
    genotype, console = get_genotype(args.genotype), plain_console(soft_wrap=True)
    cells = {name: ' + '.join(parts) for name, parts in _parts(genotype).items()}
    rows = {**cells, **_rows(genotype.provenance)}
    width = max(map(len, rows))
    for name, value in rows.items():
        console.print(Text.assemble((f'{name:<{width}}  ', 'bold'), _flat(value)))
    console.print(Text(build_space(genotype.space).format(genotype), 'green'))


def validate(args: argparse.Namespace) -> None:
    """Check a genotype; reading it does that."""
    genotype = get_genotype(args.genotype)
    print(f'ok: a genotype of {genotype.space["type"]}')


def diff(args: argparse.Namespace) -> int:
    """Print what two genotypes do not share; the order of a node's edges does not matter."""
    lines = list(_differences(get_genotype(args.first), get_genotype(args.second)))
    console = plain_console(soft_wrap=True)
    for line in lines or ['no difference']:
        style = {'-': 'red', '+': 'green'}.get(line[0], 'bold')
        console.print(Text(line, style))
    return DIFFERENT if lines else 0


def convert(args: argparse.Namespace) -> None:
    """Write a genotype as a genotype file, or in the text form of its space."""
    genotype = get_genotype(args.genotype)
    if args.to == 'json' and args.out:
        save_genotype(genotype, args.out)
        return
    text = (
        json.dumps(to_json(genotype), indent=1) if args.to == 'json' else _text(genotype, args.to)
    )
    if args.out:
        Path(args.out).write_text(text + '\n', encoding='utf-8')
    else:
        print(text)


def measure(args: argparse.Namespace) -> None:
    """Print parameters and multiply-adds of the derived network."""
    if args.detector is not None:
        _measure_detector(args)
        return
    from ostrdet.evaluation.complexity import complexity  # slow, and only needed here

    size = complexity(get_genotype(args.genotype), args.layout)
    if args.json:
        print(json.dumps(asdict(size)))
        return
    print(f'parameters              {size.params:>13,}')
    print(f'  with auxiliary head   {size.params_aux:>13,}')
    print(f'multiply-adds           {size.macs:>13,}')
    print(f'  with BatchNorm, ReLU  {size.macs_bn_relu:>13,}')


def _measure_detector(args: argparse.Namespace) -> None:
    from ostrdet.apis.detector_complexity import detector_complexity

    size = detector_complexity(args.genotype, args.detector or None)
    if args.json:
        print(json.dumps(asdict(size)))
        return
    print(f'backbone, 224x224     parameters     {size.backbone_params:>15,}')
    print(f'                      multiply-adds  {size.backbone_macs:>15,}')
    print(f'detector, 800x1333    parameters     {size.detector_params:>15,}')
    print(f'                      multiply-adds  {size.detector_macs:>15,}')


def zoo(args: argparse.Namespace) -> int:
    """Check the files that are generated from the published genotypes, or generate them."""
    # It counts networks, so it is slow to import
    from ostrdet.visualization.zoo.pages import stale_files

    stale = stale_files(Path(args.root), only=args.only, write=args.write)
    for path in stale:
        print(f'written: {path}' if args.write else f'stale: {path}')
    if not stale:
        print('ok: every file is current')
    elif not args.write:
        print('generate them with: python tools/genotype.py zoo --write')
        return STALE
    return 0


COMMANDS: Mapping[str, Callable[[argparse.Namespace], int | None]] = {
    'list': list_names,
    'show': show,
    'validate': validate,
    'diff': diff,
    'convert': convert,
    'complexity': measure,
    'zoo': zoo,
}


def _parts(genotype: Genotype) -> dict[str, list[str]]:
    """The space, every node with its edges, and every output, as text."""
    space = build_space(genotype.space)
    changes = {key: value for key, value in genotype.space.items() if key != 'type'}
    parts = {'space': [f'{type(space).__name__} {_flat(changes)}'.rstrip()]}
    for name, spec in space.cells.items():
        cell = genotype.cells[name]
        for node, edges in zip(spec.nodes, cell.nodes, strict=True):
            parts[f'{name}, node {node}'] = [f'{op}({source})' for op, source in edges]
        parts[f'{name}, output'] = [', '.join(map(str, cell.output))]
    return parts


def _rows(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """A provenance with a row of its own for each entry that is a mapping of mappings."""
    rows: dict[str, Any] = {}
    for key, value in provenance.items():
        if isinstance(value, Mapping) and any(isinstance(v, Mapping) for v in value.values()):
            rows |= {f'{key}, {name}': item for name, item in value.items()}
        else:
            rows[key] = value
    return rows


def _differences(first: Genotype, second: Genotype) -> Iterator[str]:
    ours, theirs = _parts(first), _parts(second)
    for name in {**ours, **theirs}:
        before, after = Counter(ours.get(name)), Counter(theirs.get(name))
        if before != after:
            yield name
            yield from (f'- {part}' for part in (before - after).elements())
            yield from (f'+ {part}' for part in (after - before).elements())


def _flat(value: Any) -> str:
    """A value of a config or a provenance on one line."""
    if isinstance(value, Mapping):
        return ', '.join(f'{key}: {_flat(item)}' for key, item in value.items())
    return str(value)


def _text(genotype: Genotype, form: str) -> str:
    space = build_space(genotype.space)
    if form != space.text_format:
        raise GenotypeError(
            f"the text form of {type(space).__name__} is '{space.text_format}', its cells can't be "
            f"written as '{form}'; use --to {space.text_format} or --to json"
        )
    return TEXT_FORMATS[form].format_cells(genotype.cells)
