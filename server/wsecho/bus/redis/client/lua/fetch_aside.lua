-- SPDX-License-Identifier: MIT
-- The same KEYS. ARGV: the name of the place. Answers what was there, if it is; it goes with the
-- last who fetches it.
local found = redis.call('HMGET', KEYS[1], 'payload', 'left')
if not found[1] then return false end
local left = tonumber(found[2]) - 1
if left > 0 then
  -- For want of memory it cannot be counted: then it goes when its time is over.
  redis.pcall('HSET', KEYS[1], 'left', string.format('%.0f', left))
else
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1] .. ' ' .. string.format('%.0f', #found[1]))
end
return found[1]
