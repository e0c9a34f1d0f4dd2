-- SPDX-License-Identifier: MIT
-- Has a log keep about so many bytes, 0 for any number, and the newest message in any case. Each
-- node keeps no more than that exactly, of what is here. It is looked through by each thirty-second
-- message, and by one that is as large as a thirty-second of it: so each pays for itself.
local function trim(log, most, size, offset)
  if most == 0 or (size * 32 < most and offset % 32 > 0) then return end
  local kept, left, from = 0, most, '+'
  while true do
    local some = redis.call('XREVRANGE', log, from, '-', 'COUNT', 8)
    for _, entry in ipairs(some) do
      left = left - #entry[2][4]
      if left < 0 and kept > 0 then
        -- What is said is said, whether or not this is refused.
        redis.pcall('XTRIM', log, 'MAXLEN', kept)
        return
      end
      kept = kept + 1
    end
    if #some < 8 then return end
    from = '(' .. some[8][1]
  end
end
