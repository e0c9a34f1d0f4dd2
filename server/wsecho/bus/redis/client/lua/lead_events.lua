-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events. ARGV: as events.lua has it, then the listeners, and what
-- each has taken as far as is known, 0 where it is not, in turn. Answers the number under which
-- this node tells from now on, and no other does. A listener that is new has a place at the end;
-- the first that there are have it at the beginning.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local fence = redis.call('HINCRBY', KEYS[1], 'fence', 1)
local known = {}
for place = 8, #ARGV, 2 do
  known[ARGV[place]] = true
  if not redis.call('HGET', KEYS[1], 'taken:' .. ARGV[place]) then
    local taken = tonumber(ARGV[place + 1])
    if taken == 0 then taken = fence == 1 and events.first - 1 or events.last end
    redis.call('HSET', KEYS[1], 'taken:' .. ARGV[place], string.format('%.0f', taken))
  end
end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local listener = string.match(name, '^taken:(.*)') or string.match(name, '^given:(.*)')
  if listener and not known[listener] then redis.call('HDEL', KEYS[1], name) end
end
events.close()
return fence
