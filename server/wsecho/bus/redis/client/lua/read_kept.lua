-- SPDX-License-Identifier: MIT
-- KEYS: what is kept of a subject. ARGV: where to go on; how many are wanted, about; bytes that the
-- answer has room for. Answers where to go on, the names of those that there is no room for, and of
-- the others name and text in turn.
local cursor, found = unpack(redis.call('HSCAN', KEYS[1], ARGV[1], 'COUNT', ARGV[2]))
local beyond, room = {}, tonumber(ARGV[3])
local answer = {cursor, beyond}
for number = 1, #found, 2 do
  local name, text = found[number], found[number + 1]
  if #text > room then
    beyond[#beyond + 1] = name
  else
    room = room - #text
    answer[#answer + 1] = name
    answer[#answer + 1] = text
  end
end
return answer
