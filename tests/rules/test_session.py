"""Twin of rules/session.py, beside its stories in the matrix."""
