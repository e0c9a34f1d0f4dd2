-- SPDX-License-Identifier: MIT
-- KEYS: a place for what is told; the places that there are. ARGV: the channel; the name of this
-- place; what; milliseconds that it waits there; bytes that all places have room for; what is told
-- in front of the name. Answers how many listen, each of whom fetches it, or -1 where there is no
-- room.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local channel, place, payload, lasting = unpack(ARGV, 1, 4)
local places, taken = redis.call('ZRANGE', KEYS[2], '0', '-1', 'WITHSCORES'), #payload
for number = 1, #places, 2 do
  -- The name of each ends with its size.
  if tonumber(places[number + 1]) >= now then
    taken = taken + tonumber(string.match(places[number], '%d+$'))
  end
end
if taken > tonumber(ARGV[5]) then return -1 end
if redis.acl_check_cmd and not redis.acl_check_cmd('PUBLISH', channel, '') then
  return redis.error_reply('NOPERM this user may not PUBLISH on the channel of nodes')
end
local entry = place .. ' ' .. string.format('%.0f', #payload)
redis.call('HSET', KEYS[1], 'payload', payload, 'left', '0')
redis.call('PEXPIRE', KEYS[1], lasting)
redis.call('ZADD', KEYS[2], string.format('%.0f', now + lasting), entry)
redis.call('PEXPIRE', KEYS[2], lasting)
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', string.format('(%.0f', now))
local listeners = redis.call('PUBLISH', channel, ARGV[6] .. place)
if listeners == 0 then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], entry)
else
  redis.call('HSET', KEYS[1], 'left', string.format('%.0f', listeners))
end
return listeners
