"""Twins of the modules of ptpip_analyze.ptpip."""
