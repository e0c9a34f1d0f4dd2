-- SPDX-License-Identifier: MIT
-- KEYS: the turns, by place. ARGV: a place; milliseconds that they last. Answers the turn.
local turn = redis.call('HINCRBY', KEYS[1], ARGV[1], '1')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return turn - 1
