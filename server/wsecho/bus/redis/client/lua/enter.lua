-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events; who is inside, how many in each room, which are being
-- vacated. ARGV: as events.lua has it, then a member of a room, a node that it is on, how it is
-- shown, the room; what is told where that is occupied by it, and of its coming, empty for nothing.
-- Answers as append_events.lua.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local field, node, card, room, occupied, join = unpack(ARGV, 8, 13)
local found = redis.call('HGET', KEYS[3], field)
local lines = {}
for line in string.gmatch(found or '', '[^\n]+') do
  if string.match(line, '^[^ ]+') ~= node then lines[#lines + 1] = line end
end
lines[#lines + 1] = node .. ' ' .. card
redis.call('HSET', KEYS[3], field, table.concat(lines, '\n'))
if not found then
  -- A room that is empty and has yet to be vacated has a count of 0.
  local count = redis.call('HGET', KEYS[4], room)
  redis.call('HINCRBY', KEYS[4], room, 1)
  redis.call('ZREM', KEYS[5], room)
  if not count and occupied ~= '' then events.append('e', occupied) end
  if join ~= '' then events.append('e', join) end
end
for place = 3, 5 do redis.call('PEXPIRE', KEYS[place], ARGV[4]) end
return events.close()
