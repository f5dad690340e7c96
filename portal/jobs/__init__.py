"""Jobs are rows: enqueued in the caller's transaction, run by arq workers that get only an id."""
