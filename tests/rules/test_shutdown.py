"""Twin of rules/shutdown.py, beside its stories in the matrix."""
