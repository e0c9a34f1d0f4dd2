-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events. ARGV: as events.lua has it, then the number under which the
-- node tells; what is noted, `taken` or `given`; up to which number; the listener that it is of, and
-- all others. Answers 0 where another node tells, else 1.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local fence, what, last = ARGV[8], ARGV[9], tonumber(ARGV[10])
if redis.call('HGET', KEYS[1], 'fence') ~= fence then return 0 end
local name = what .. ':' .. ARGV[11]
if tonumber(redis.call('HGET', KEYS[1], name) or '0') < last then
  redis.call('HSET', KEYS[1], name, string.format('%.0f', last))
end
local needed = events.last
for place = 11, #ARGV do
  local listener = ARGV[place]
  local places = redis.call('HMGET', KEYS[1], 'taken:' .. listener, 'given:' .. listener)
  needed = math.min(needed, math.max(tonumber(places[1] or '0'), tonumber(places[2] or '0')))
end
-- A step takes no longer for that somebody has waited long: the rest goes with the next ones.
for _ = 1, 1000 do
  if events.first > needed then break end
  events.forget()
end
events.close()
return 1
