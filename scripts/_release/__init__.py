# SPDX-License-Identifier: MIT
"""The builder of releases, behind `scripts/release`.

    command    reads the command line; knows every exit status
    session    one release from the commit to the table
    sources    what is built: the commit, its version, its section of CHANGELOG.md
    building   the sdist, and of it the wheels
    checking   what twine, abi3audit and the renderer of PyPI say of them
    rendering  the renderer's own side, in the tools' environment; nothing here imports it
    trying     installs a distribution into a fresh environment, and uses it
    probing    the user's own side, in that environment; nothing here imports it
    pythons    finds Pythons of a version
    tools      the environment of the tools, and running a command that must succeed

An import points down, at last into `_shared`.
"""
