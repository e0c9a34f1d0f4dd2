-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events. ARGV: as events.lua has it, then the listeners. Answers the
-- number under which this node tells from now on, and no other does, though Redis forgets; the run;
-- the last number. A listener that is new has a place at the end; the first that there are have it
-- at the beginning.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local before = redis.call('HGET', KEYS[1], 'fence')
local fence = string.format('%.0f', math.max(events.now, tonumber(before or '0') + 1))
redis.call('HSET', KEYS[1], 'fence', fence)
local known = {}
for place = 8, #ARGV do
  known[ARGV[place]] = true
  if not redis.call('HGET', KEYS[1], 'taken:' .. ARGV[place]) then
    local taken = before and events.last or events.first - 1
    redis.call('HSET', KEYS[1], 'taken:' .. ARGV[place], string.format('%.0f', taken))
  end
end
for _, name in ipairs(redis.call('HKEYS', KEYS[1])) do
  local listener = string.match(name, '^taken:(.*)') or string.match(name, '^given:(.*)')
  if listener and not known[listener] then redis.call('HDEL', KEYS[1], name) end
end
events.close()
return {fence, events.run, events.last}
