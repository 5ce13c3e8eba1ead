"""Writing what was read of a feed, and what became of it."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Counts:
    """What a sync did to one kind of row."""

    new: int = 0
    changed: int = 0
    back: int = 0
    gone: int = 0
    unchanged: int = 0
    skipped: int = 0

    def __str__(self):
        words = ("new", "changed", "back", "gone", "unchanged", "skipped")
        return ", ".join(f"{getattr(self, word):,} {word}" for word in words)

    def brief(self):
        """Return only what there is, for the smaller parts."""
        words = str(self).split(", ")
        return ", ".join(word for word in words if not word.startswith("0 ")) or "none"


@dataclass(frozen=True)
class SyncResult:
    """What a sync did; None for a part that was not read.

    :param others: kind of row → Counts, for the smaller parts.
    :param skipped: (code, reason) of each item that was left out.
    :param sku_ids: the SKUs that are new, changed or back. :param cost_ids: those with a new cost.
    """

    operators: Counts | None = None
    skus: Counts | None = None
    others: dict = field(default_factory=dict)
    seconds: float = 0.0
    skipped: tuple = ()
    sku_ids: tuple = ()
    cost_ids: tuple = ()

    def __str__(self):
        parts = {"operators": self.operators, **self.others}
        lines = [f"SKUs: {self.skus}"] if self.skus else []
        lines += [f"{name}: {counts.brief()}" for name, counts in parts.items() if counts]
        return " · ".join([*lines, f"{self.seconds:.1f} s"])


def write_rows(env, table, supplier_id, rows, seen, skipped):
    """Write one kind of row.

    :return: (Counts, ids of the rows that are new, then of those that are changed or back).
    """
    before = table.read_codes(env.cr, supplier_id)
    known = [row for row in rows if row["code"] in before]
    new = table.insert(env, supplier_id, [row for row in rows if row["code"] not in before])
    written = table.update(env, supplier_id, known)
    gone = table.archive_missing(env, supplier_id, seen)
    archived = {id_ for id_, active in before.values() if not active}
    back = len(archived.intersection(written))
    counts = Counts(
        new=len(new),
        changed=len(written) - back,
        back=back,
        gone=len(gone),
        unchanged=len(known) - len(written),
        skipped=len(skipped),
    )
    return counts, new + written
