-- SPDX-License-Identifier: MIT
-- Further ARGV: the rule, 1 where it is shared, the rank that it had, or 0; milliseconds that all
-- claims last.
-- Answers the rank, or the rule under which others hold the place. The claims of nodes that are
-- dead go; those of the node that asks are alive, whatever has become of its sign of life.
-- include held
local rule, is_shared, rank = ARGV[4], ARGV[5] == '1', tonumber(ARGV[6])
local alive = {}
for _, each in ipairs(held) do
  if each[1] == node or lives(each[1]) then
    if each[3] ~= rule or not is_shared then return each[3] end
    alive[#alive + 1] = each
  end
end
local last = tonumber(redis.call('HGET', KEYS[1], '') or '0')
if own then
  rank = own[4]
elseif rank == 0 then
  rank = last + 1
end
if rank > last then redis.call('HSET', KEYS[1], '', string.format('%.0f', rank)) end
alive[#alive + 1] = {node, holder, rule, rank}
redis.call('HSET', KEYS[1], place, cjson.encode(alive))
redis.call('PEXPIRE', KEYS[1], ARGV[7])
return rank
