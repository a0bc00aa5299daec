"""`python -m ptpip_analyze` is the command `ptpip-analyze`, nothing else."""

from ptpip_analyze.cli import main

if __name__ == "__main__":
    main()
