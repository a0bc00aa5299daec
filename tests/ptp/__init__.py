"""Twins of the modules of ptpip_analyze.ptp."""
