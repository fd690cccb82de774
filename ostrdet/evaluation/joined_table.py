"""Several tables side by side."""

from collections.abc import Iterable, Sequence

from ostrdet.evaluation.benchmark_table import BenchmarkError, BenchmarkTable, cell_key


class JoinedTable(BenchmarkTable):
    """The columns of several tables, for the cells that any of them holds.

    Args:
        tables: At least one.

    Raises:
        BenchmarkError: If a column stands in two of them.
    """

    def __init__(self, tables: Sequence[BenchmarkTable]) -> None:
        super().__init__(' + '.join(str(table.path) for table in tables))
        self.tables = tuple(tables)
        self._owners = owners = dict[str, BenchmarkTable]()
        for table in tables:
            for name in table.columns:
                if name in owners:
                    raise BenchmarkError(
                        f"the column '{name}' stands in '{owners[name].path}' and in '{table.path}'; "
                        'give tables whose columns differ'
                    )
                owners[name] = table
        self._cells = dict.fromkeys(cell_key(cell) for table in tables for cell in table.cells())

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of the first table, then those of the next ones."""
        return tuple(self._owners)

    def cells(self) -> Iterable[str]:
        """The keys, as the tables list them."""
        return self._cells

    def column(self, name: str) -> dict[str, float]:
        """As in :class:`BenchmarkTable`, in the order of the table that has it."""
        return self._owners[name].column(name) if name in self._owners else super().column(name)

    def find(self, key: str) -> dict[str, float] | None:
        """What the tables hold of a cell."""
        if key not in self._cells:
            return None
        rows = (table.find(key) or {} for table in self.tables)
        return {name: value for row in rows for name, value in row.items()}
