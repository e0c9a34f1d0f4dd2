-- SPDX-License-Identifier: MIT
-- KEYS: a node's wills; the nodes that have any. ARGV: the node; a name; what; milliseconds. Answers
-- 0 where it was carried out before, else 1.
if redis.call('HGET', KEYS[1], ARGV[2]) == '' then return 0 end
redis.call('HSET', KEYS[1], ARGV[2], ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('SADD', KEYS[2], ARGV[1])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return 1
