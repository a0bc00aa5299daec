"""Plain verdicts on a conversation: why it failed, dropped or was slow, each with the frames that show it.

``examined`` looks at captures; what it can't know it says, too. ``heading`` says of which session.
"""

from .examination import examined, heading
from .saying import GRADES, Saying

__all__ = ["GRADES", "Saying", "examined", "heading"]
