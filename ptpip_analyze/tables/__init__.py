"""Tables: what the columns are (schema), how they leave as files (export), which rows are wanted (where)."""
