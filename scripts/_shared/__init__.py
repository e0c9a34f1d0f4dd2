# SPDX-License-Identifier: MIT
"""What `scripts/bench` and `scripts/testsuite` have in common.

    command      a run from its arguments to its exit status
    environment  the checkout's own `.venv`, and folders that are made once, into .cache
    process      child processes: a clean environment, a port that listens, ended by id
    errors       why there is no result

An import points down.
"""
