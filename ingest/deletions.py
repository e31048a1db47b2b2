"""Rows that vanished from the portal: how they are recorded, and how many may before somebody says that it is meant."""

from __future__ import annotations

import pyarrow as pa

from ingest.errors import MassDeletionError

# One row of `raw.portal_deletions`: this row was looked for at the portal by its key, and is not there any more.
DELETION_SCHEMA = pa.schema(
    [
        ("dataset", pa.string()),
        ("key", pa.string()),
        ("month", pa.string()),
        ("found_at", pa.timestamp("us", tz="UTC")),
    ]
)

# A publisher takes back a handful of reports. More than this, and it is more likely a dataset half replaced, an empty
# answer or a mistake of theirs, which the next day would mend.
MASS_SHARE = 0.01
MASS_ROWS = 50


def refuse_mass_deletion(dataset: str, vanished: int, rows: int, *, accepted: bool) -> None:
    """Raises MassDeletionError where `vanished` of `rows` rows are more than 1 % of them, and more than 50."""
    if accepted or vanished <= max(MASS_ROWS, MASS_SHARE * rows):
        return
    raise MassDeletionError(
        f"{dataset}: {vanished:,} of {rows:,} rows have vanished from the portal, {vanished / rows:.0%}; "
        "they stay as they are.",
        remedy="Look at the dataset on the portal. If they were taken away on purpose: "
        "crashes reconcile --accept-mass-deletion",
    )
