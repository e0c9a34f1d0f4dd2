-- SPDX-License-Identifier: MIT
-- Further ARGV: bytes that the answer has room for; 1 where only what is behind the node's place is
-- wanted; 1 where that is a use of the room; 1 where one message that is larger than the room is
-- taken alone. Answers epoch, head, last, the publication id where the node stands, whether there
-- is more (2 where it is too large), the time, offsets and bodies of what is behind that in turn.
-- include stand
if ARGV[7] == '1' then keep() end
forget_old()
local answer = {epoch, head, last, '', 0, now()}
local from = '-'
if epoch == seen_epoch and seen_offset > 0 then
  local at = whole(seen_offset) .. '-0'
  if ARGV[6] == '1' then from = '(' .. at end
  if seen_offset == head then
    answer[4] = last
  else
    local entry = redis.call('XRANGE', KEYS[2], at, at)[1]
    if entry then
      answer[4] = entry[2][2]
    else
      -- It is too old, but the one behind it knows it.
      local behind = whole(seen_offset + 1) .. '-0'
      entry = redis.call('XRANGE', KEYS[2], behind, behind)[1]
      answer[4] = entry and entry[2][6] or ''
    end
  end
end
local room, takes_large = tonumber(ARGV[5]), ARGV[8] == '1'
while true do
  local some = redis.call('XRANGE', KEYS[2], from, '+', 'COUNT', 8)
  for _, entry in ipairs(some) do
    local body = entry[2][4]
    local is_first = #answer == 6
    if is_first and #body > room and not takes_large then
      answer[5] = 2
      return answer
    end
    if not is_first and #body > room then
      answer[5] = 1
      return answer
    end
    answer[#answer + 1] = tonumber(string.match(entry[1], '^%d+'))
    answer[#answer + 1] = body
    from = '(' .. entry[1]
    room = room - #body - 400
  end
  if #some < 8 then return answer end
end
