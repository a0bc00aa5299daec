"""Tests; a package so that twins in different rooms may have the same name."""
