"""Benchmarks against tshark: captures are generated, then whole processes are timed."""
