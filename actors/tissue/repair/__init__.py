"""Repair without an arbiter: who replaces what is missing (:mod:`reconcile`), and who is in charge (:mod:`leases`)."""
