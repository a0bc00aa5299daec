"""Tests of the scapy layers."""
