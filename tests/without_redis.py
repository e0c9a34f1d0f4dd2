# SPDX-License-Identifier: MIT
"""`python -m wsecho`, whose workers have no rooms in common: for tests that need none.

python tests/without_redis.py --workers 4
"""

from wsecho.__main__ import main
from wsecho.workers import supervisor

if __name__ == "__main__":
    setattr(supervisor, "check_needs", lambda _: None)  # noqa: B010  # mypy lets it be no other way
    main()
