"""What a run is: the facts that no line of its trajectory repeats, in ``run.json`` of its work dir."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from ostrdet.errors import InvalidValueError
from ostrdet.records.files import FACTS, GENOTYPE
from ostrdet.structures import load_genotype


@dataclass(frozen=True)
class RunFacts:
    """What is known before a search begins; plain JSON values.

    Attributes:
        space: Config of the search space.
        criterion: Type of the criterion that decides.
        seed: Seed of the run, or None where it is not known, as below.
        max_epochs: Epochs that the run will take unless it stops before.
        config: Name of the config file.
        config_text: The whole config.
        table: Name of the table of accuracies.
        op_kinds: Of every operation, as :func:`~ostrdet.models.ops.op_kinds.op_kind` says it.
        next_command: What to run with the genotype.
        resume_command: What continues the search.
        versions: Of the libraries, by name.
        machine: What the run is computed on, a text per heading.
    """

    space: Mapping[str, Any]
    criterion: str
    seed: int | None = None
    max_epochs: int | None = None
    config: str = ''
    config_text: str = ''
    table: str | None = None
    op_kinds: Mapping[str, str] = field(default_factory=dict)
    next_command: str | None = None
    resume_command: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)
    machine: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        """The content of ``run.json``."""
        return json.dumps(asdict(self), indent=1) + '\n'


def read_run_facts(work_dir: Path) -> RunFacts:
    """The facts of a search; where ``run.json`` is missing, what its genotype says of them.

    Raises:
        FileNotFoundError: If there is neither.
        InvalidValueError: If the file is damaged.
    """
    path = work_dir / FACTS
    if path.is_file():
        try:
            return _parse(json.loads(path.read_text(encoding='utf-8')))
        except (RecursionError, TypeError, ValueError) as error:
            raise InvalidValueError(
                f"'{path}' is damaged ({error}): restore it, or remove it and do without the facts "
                'that genotype.json lacks'
            ) from error
    if not (work_dir / GENOTYPE).is_file():
        raise FileNotFoundError(
            f"'{work_dir}' holds neither {FACTS} nor genotype.json: give the work dir of a search"
        )
    genotype = load_genotype(work_dir / GENOTYPE)
    origin = genotype.provenance
    return RunFacts(
        genotype.space,
        str(origin.get('criterion', '')),
        seed=origin.get('seed'),
        config=str(origin.get('config', '')),
        versions=origin.get('versions', {}),
    )


def _parse(data: Any) -> RunFacts:
    if not isinstance(data, dict):
        raise TypeError('no JSON object')
    known = {item.name for item in fields(RunFacts)}
    return RunFacts(**{key: value for key, value in data.items() if key in known})
