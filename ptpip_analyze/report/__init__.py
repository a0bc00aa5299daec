"""The page that is attached to a bug report: one HTML file with all that is known of some captures.

``write_page`` writes it. Refuses to compute: everything is what tables, rules, doctor and objects say.
"""

from .page import write_page

__all__ = ["write_page"]
