"""Tests of what Wireshark gets from us."""
