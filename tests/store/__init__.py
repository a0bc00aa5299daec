"""Twins of the modules of ptpip_analyze.store."""
