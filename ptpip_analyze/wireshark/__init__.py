"""What Wireshark gets from us: facts as a Lua table, comments in captures, and a second opinion on our tables. Promises
nothing at import: each module is asked for what it does.
"""
