"""Landing: the portal's rows, as they are, into the append-only log `raw`. Knows nothing of dbt or of the ledger."""
