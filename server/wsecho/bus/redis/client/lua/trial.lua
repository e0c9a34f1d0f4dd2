-- SPDX-License-Identifier: MIT
-- KEYS: one of its own. ARGV: a channel of its own. Does once whatever any of ours does.
local key, channel = KEYS[1], ARGV[1]
local function try(name, ...)
  local reply = redis.pcall(name, ...)
  if type(reply) == 'table' and reply.err then
    local code = string.match(reply.err, '^%u+ ') and '' or 'ERR '
    error(code .. reply.err .. ' (' .. name .. ')', 0)
  end
end
for _, words in ipairs({
  {'PING'}, {'TIME'}, {'SCAN', '0', 'MATCH', key, 'COUNT', '1'}, {'DEL', key},
  {'GET', key}, {'HSET', key, 'a', '1'}, {'HGET', key, 'a'}, {'HMGET', key, 'a'},
  {'HGETALL', key}, {'HKEYS', key}, {'HSCAN', key, '0'}, {'HINCRBY', key, 'b', '1'},
  {'HDEL', key, 'a'}, {'PEXPIRE', key, '1000'}, {'PTTL', key}, {'DEL', key},
  {'SADD', key, 'a'}, {'SMEMBERS', key}, {'SREM', key, 'a'},
  {'XADD', key, 'MAXLEN', '1', '1-0', 'a', 'b'}, {'XSETID', key, '1-0'},
  {'XRANGE', key, '-', '+'},
  {'XREVRANGE', key, '+', '-'}, {'XTRIM', key, 'MAXLEN', '1'}, {'XDEL', key, '1-0'}, {'DEL', key},
  {'ZADD', key, '1', 'a'}, {'ZCOUNT', key, '0', '1'}, {'ZSCORE', key, 'a'},
  {'ZRANGE', key, '0', '-1'},
  {'ZREMRANGEBYSCORE', key, '-inf', '(0'}, {'ZREM', key, 'a'},
  {'SET', key, 'a', 'PX', '1000'}, {'DEL', key}, {'PUBLISH', channel, ''}
}) do try(unpack(words)) end
return 'OK'
