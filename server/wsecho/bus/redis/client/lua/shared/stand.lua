-- SPDX-License-Identifier: MIT
-- KEYS: head, log. ARGV: an epoch for where a new one begins; epoch and offset that the node has
-- seen; milliseconds that a room lasts after its last use.
local fresh, seen_epoch, seen_offset, ttl = ARGV[1], ARGV[2], tonumber(ARGV[3]), ARGV[4]
local standing = redis.call('HMGET', KEYS[1], 'epoch', 'head', 'last', 'time')
local epoch, head, last = standing[1], tonumber(standing[2] or '0'), standing[3] or ''
local shown = standing[4] or '0'
if not epoch or (epoch == seen_epoch and head < seen_offset) then
  epoch, head, last = fresh, 0, ''
  -- What takes memory comes first: a script that has changed anything is refused none any more.
  redis.call('HSET', KEYS[1], 'epoch', epoch, 'head', '0', 'last', '')
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('DEL', KEYS[2])
end
local function whole(number) return string.format('%.0f', number) end
local function keep()
  redis.call('PEXPIRE', KEYS[1], ttl)
  redis.call('PEXPIRE', KEYS[2], ttl)
end
local function now()
  local time = redis.call('TIME')
  return time[1] .. '.' .. string.format('%06d', time[2])
end
local function forget_old()
  local oldest = tonumber(now()) - ttl / 1000
  for _ = 1, 64 do
    local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)[1]
    if not first or tonumber(string.match(first[2][4], '^[^ ]+')) > oldest then return end
    redis.call('XDEL', KEYS[2], first[1])
  end
end
