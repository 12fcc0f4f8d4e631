"""What siblings lend each other: budgets (:mod:`lending`), and what one has computed (:mod:`cooperative_cache`)."""
