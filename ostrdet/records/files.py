"""The files of a search in its work dir, beside its checkpoints and its config."""

#: One line per epoch: see :class:`ostrdet.records.epoch_record.EpochRecord`.
TRAJECTORY = 'trajectory.jsonl'
#: What the deciding criterion selected last.
GENOTYPE = 'genotype.json'
#: What it selected in every epoch: ``epoch_NNN.json``.
GENOTYPES = 'genotypes'
#: What other criteria select after the search.
SELECTED = 'selected'
#: What a run is: space, criterion, seed, config, versions, machine.
FACTS = 'run.json'
#: What every budget chooses, of a search whose derivation has one; after the search, in ``selected/``.
FRONT = 'front.csv'
#: The scores of cells, one per line, of a search without training.
SCORES = 'scores.jsonl'
#: What a run says in detail, and the traceback of a defect.
LOG = 'run.log'
#: The page.
REPORT = 'report.html'
