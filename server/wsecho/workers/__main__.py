# SPDX-License-Identifier: MIT
"""A worker process, as its parent starts it; for nobody else."""

import sys

from wsecho.workers.worker import run_worker

if __name__ == "__main__":
    run_worker(sys.argv[1:])
