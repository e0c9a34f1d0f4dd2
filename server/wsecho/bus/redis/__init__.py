# SPDX-License-Identifier: MIT
"""The bus over Redis (or Valkey): a room is a stream beside its epoch and head, its channel tells.

==================================  ===============================================================
key, below the prefix               what
==================================  ===============================================================
``{R}:head``                        hash: ``epoch``, ``head`` (the last offset), ``last`` (its
                                    publication id)
``{R}:log``                         stream: the messages, each under the id ``offset-0``, each
                                    with the publication id of the one before
``{R}:key:DIGEST``                  hash: the receipt of what was published under a key
``{@}:keys:DIGEST``                 sorted set: the receipts that count among one caller's, by
                                    when each goes
``{R}:who``                         hash: the members that nodes have there
``{@}:nodes``                       sorted set: when each node is taken for dead
``{@}:claims``                      hash: who holds a place, as JSON: node, holder, rule, rank of
                                    each; under the empty name the last rank
``{@}:turns``                       hash: whose turn it is at a place
``{@}:kept:WORD``                   hash: what is kept of a subject for those who come later
``{@}:log:WORD``                    stream: what was logged on a subject lately, each entry
                                    with the id of the one before, and the bytes of all up to it
``{@}:last:WORD``                   the id of its last entry, which is known for longer
``{@}:aside:PLACE``                 hash: something large that is said to nodes, and how many have
                                    yet to fetch it
``{@}:asides``                      sorted set: the places where such wait, with the size of each,
                                    by when it goes
``{@}:wills:NODE``                  hash: what is to be done once that node is dead; empty once
                                    that is done
``{@}:willed``                      set: the nodes that have any
``{@}:told``                        hash: the run, first and last number of the events that wait to
                                    be told, what each listener has taken, and who tells
``{@}:events``                      stream: these events, each under the id ``number-0``
``{@}:inside``                      hash: who is in rooms that are told of, each with its nodes
``{@}:inside:counts``               hash: how many are in each of them; 0 until it is vacated
``{@}:inside:vacating``             sorted set: those without anybody, by when each is vacated
``address:NODE``                    where other machines reach a node
==================================  ===============================================================

==================================  ===============================================================
channel, below the prefix           what
==================================  ===============================================================
``{D}{R}``                          each message as it is logged, and each coming and going
``{D}log:WORD``                     each entry of a subject's log as it is logged; of a large one
                                    the ids alone
``{D}subject:WORD``                 what else nodes have to tell one another; of what is large the
                                    place alone where it waits
``{D}node:NODE:WORD``               the same, to one of them
``{D}node:NODE``                    what a node says to itself, to know that it is heard
==================================  ===============================================================

R is the room's name, percent-encoded, D the number of the database that the keys are in: channels
are of none. A key's braces keep what belongs together on one shard.

No key is without an end: what is a room's goes so long after its last use, what is the nodes' some
time after the last of them, the logs of subjects when nobody has said anything for twice
`--node-ttl`.

One connection carries it all, in RESP3: commands, their replies, and what is published. So the
order is one, a message that was published here comes back on the connection that its reply comes
on, and when the connection is gone, all that is known is that all has to be caught up with.

The service imports `RedisBus` from here, and the start what tries it. It must not know WAMP, nor
who reads what it carries.
"""
