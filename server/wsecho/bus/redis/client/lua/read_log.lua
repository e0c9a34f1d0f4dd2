-- SPDX-License-Identifier: MIT
-- ARGV: the id of the last entry that is known, empty for none; how many are wanted; bytes that the
-- answer has room for; 1 where one that is larger is taken alone. Answers the id of the last; 1
-- where the next one is too large; and of those that follow on the known one id, id of the one
-- before, and text.
-- include logged
local answer, from = {last, 0}, ARGV[1]
local most, room, takes_large = tonumber(ARGV[2]) + 2, tonumber(ARGV[3]), ARGV[4] == '1'
while from ~= '' and #answer < most do
  local found = redis.call('XRANGE', KEYS[1], '(' .. from, '+', 'COUNT', 1)[1]
  local is_first = #answer == 2
  if not found or (#found[2][4] > room and not is_first) then break end
  if #found[2][4] > room and not takes_large then
    answer[2] = 1
    break
  end
  from = found[1]
  room = room - #found[2][4]
  answer[#answer + 1] = {from, found[2][2], found[2][4]}
end
return answer
