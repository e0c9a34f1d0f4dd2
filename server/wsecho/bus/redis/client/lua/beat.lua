-- SPDX-License-Identifier: MIT
-- KEYS: the nodes, and what goes some time after the last of them. ARGV: this node; milliseconds
-- that it lives from now on; milliseconds that the rest lasts. Answers whether it lived, and who
-- lives.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_then = redis.call('ZSCORE', KEYS[1], ARGV[1])
local lived = 0
if until_then and tonumber(until_then) > now then lived = 1 end
-- What needs no memory comes first: a script that has changed something is refused none, and for
-- want of it no node is to be taken for dead.
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', string.format('(%.0f', now))
redis.call('ZADD', KEYS[1], string.format('%.0f', now + ARGV[2]), ARGV[1])
for place = 1, #KEYS do redis.call('PEXPIRE', KEYS[place], ARGV[3]) end
return {lived, unpack(redis.call('ZRANGE', KEYS[1], 0, -1))}
