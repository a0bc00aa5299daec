"""What Wireshark gets from us: the facts as a Lua table, and a second opinion on our tables. Promises nothing at import:
each module is asked for what it does.
"""
