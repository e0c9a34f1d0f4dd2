-- SPDX-License-Identifier: MIT
-- KEYS: what is kept of a subject. ARGV: a name; what is kept under it; milliseconds that all of it
-- lasts.
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
