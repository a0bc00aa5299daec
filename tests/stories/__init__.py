"""What is known to be right about every story and every recorded capture, in two layers.

``*.txt`` is the wording: the summary page, and the conversation as a person reads it. ``*.json`` is the substance:
counts, statuses, codes, names. ``python -m tests.stories.bless`` writes what differs, and shows it first: read it.
"""
