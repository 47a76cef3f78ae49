"""Ends with 0 when exactly these versions are installed: python check_requirements.py REQUIREMENTS"""

import sys
from importlib.metadata import PackageNotFoundError, version

for line in open(sys.argv[1]).read().split():
    name, wanted = line.split("==")
    try:
        # A build's own label ("+cpu") is no other version.
        if version(name).split("+")[0] != wanted:
            sys.exit(f"{name} {version(name)} is installed, {wanted} is wanted")
    except PackageNotFoundError:
        sys.exit(f"{name} is not installed")
