"""The terminal application. Shows what tables, datasets, rules and the doctor say; computes nothing of its own.

Refuses to be imported before it is asked for: Textual takes longer to load than a small capture to be analysed.
"""
