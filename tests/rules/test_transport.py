"""Twin of rules/transport.py, beside its stories in the matrix."""
