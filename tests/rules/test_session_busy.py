"""Twin of rules/session_busy.py, beside its stories in the matrix."""
