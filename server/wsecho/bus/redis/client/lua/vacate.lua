-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events; how many are in each room, which are being vacated. ARGV: as
-- events.lua has it, then rooms, and what is told where one is vacated, empty for nothing, in turn.
-- Answers as append_events.lua.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
for place = 8, #ARGV, 2 do
  local room, vacated = ARGV[place], ARGV[place + 1]
  local due = redis.call('ZSCORE', KEYS[4], room)
  if due and tonumber(due) <= events.now then
    redis.call('ZREM', KEYS[4], room)
    redis.call('HDEL', KEYS[3], room)
    if vacated ~= '' then events.append('e', vacated) end
  end
end
return events.close()
