# SPDX-License-Identifier: MIT
"""Measuring wsecho beside its peers, behind `scripts/bench`.

    command      reads the command line; knows every exit status
    session      one run: rows, rounds, servers and loads in turn
    before       another checkout of wsecho in every row
    environment  installs the peers and compiles the generator, into .cache
    peers        how each server is started
    serving      a server on its core, ended by its id
    loading      the generator on another core, and what it counted
    load.c       the generator; deflate.c is its permessage-deflate
    servers/     the peers' programs; bare.c is what the machine allows
    clients/     the programs of client libraries, in the generator's place
    report       table, JSON and chart into a folder
    chart        the chart, in SVG
    table        what a person sees
    judging      medians, ratios and whether a row reached its target
    rows         what is measured, against whom, and what it must reach
    payloads     the bytes that are sent

An import points down, at last into `_shared`.
`rows`, `payloads`, `judging`, `table` and `chart` do no I/O.
"""
