# SPDX-License-Identifier: MIT
"""`python -m wsecho …` is `wsecho …`."""

from wsecho.command.main import main

if __name__ == "__main__":
    main()
