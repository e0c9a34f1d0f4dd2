-- SPDX-License-Identifier: MIT
-- KEYS: as enter.lua has them, and the nodes. ARGV: as events.lua has it, then a member of a room, a
-- node that it was on, 1 where that counts only if the node is dead, the room, what is told of its
-- going, empty for nothing, and milliseconds until a room without anybody is vacated. Answers as
-- append_events.lua.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local field, node, is_dead, room, leave, vacancy = unpack(ARGV, 8, 13)
local found = redis.call('HGET', KEYS[3], field)
local until_then = is_dead == '1' and redis.call('ZSCORE', KEYS[6], node)
if not found or (until_then and tonumber(until_then) >= events.now) then return events.close() end
local lines, was_there = {}, false
for line in string.gmatch(found, '[^\n]+') do
  if string.match(line, '^[^ ]+') == node then was_there = true else lines[#lines + 1] = line end
end
if not was_there then return events.close() end
if #lines > 0 then
  redis.call('HSET', KEYS[3], field, table.concat(lines, '\n'))
else
  redis.call('HDEL', KEYS[3], field)
  if redis.call('HINCRBY', KEYS[4], room, -1) <= 0 then
    redis.call('ZADD', KEYS[5], string.format('%.0f', events.now + vacancy), room)
    redis.call('PEXPIRE', KEYS[5], ARGV[4])
  end
  if leave ~= '' then events.append('e', leave) end
end
return events.close()
