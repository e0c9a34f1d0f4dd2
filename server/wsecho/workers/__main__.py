# SPDX-License-Identifier: MIT
"""A worker process, as its parent starts it; for nobody else."""

import sys

from wsecho.workers.worker import main

if __name__ == "__main__":
    main(sys.argv[1:])
