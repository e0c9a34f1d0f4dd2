-- SPDX-License-Identifier: MIT
-- KEYS: where events stand, the events. ARGV: as events.lua has it, then the number under which the
-- node tells; a listener; how many are read at most, and bytes, but one at least. Answers nothing
-- where another tells; else run, what was taken, behind what all is there, the last number, the
-- time, and of each event its number, time, kind and text.
-- include events
local events = events_at(KEYS[1], KEYS[2], 1)
local fence, listener, most, most_bytes = ARGV[8], ARGV[9], tonumber(ARGV[10]), tonumber(ARGV[11])
if redis.call('HGET', KEYS[1], 'fence') ~= fence then return nil end
local places = redis.call('HMGET', KEYS[1], 'taken:' .. listener, 'given:' .. listener)
local taken = tonumber(places[1] or '0')
local gone = math.max(taken, tonumber(places[2] or '0'), events.first - 1)
local answer = {events.run, taken, gone, events.last, events.now}
local bytes = 0
for number = gone + 1, math.min(events.last, gone + most) do
  local id = string.format('%.0f-0', number)
  local entry = redis.call('XRANGE', KEYS[2], id, id)[1]
  if not entry then break end
  bytes = bytes + tonumber(entry[2][4])
  if number > gone + 1 and bytes > most_bytes then break end
  answer[#answer + 1] = number
  answer[#answer + 1] = entry[2][2]
  answer[#answer + 1] = entry[2][5]
  answer[#answer + 1] = entry[2][6]
end
events.close()
if #answer == 5 and taken >= events.last then redis.call('HSET', KEYS[1], 'idle', '1') end
return answer
