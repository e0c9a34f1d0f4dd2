# SPDX-License-Identifier: MIT
"""What stands behind `scripts/clients`.

    command      from the command line to the exit status
    session      every client by every case, in the checkout's own Python, which has `wsecho.trying`
    page         the matrix in Markdown
    library      which clients there are, and what each is started by
    environment  what is installed for them, into .cache
    programs     the clients' programs, which run by themselves

An import points down.
"""
