-- SPDX-License-Identifier: MIT
-- What is done either whole or not at all: `try` does one thing after another, and keeps what takes
-- it back; once one is refused no further one is done. Redis may refuse what an ACL forbids, or for
-- want of memory, or for what else stands under a name, at any step.
local undo, refused = {}, nil
local function try(back, ...)
  if refused then return end
  local reply = redis.pcall(...)
  if type(reply) == 'table' and reply.err then refused = reply else undo[#undo + 1] = back end
end
local function take_back()
  for place = #undo, 1, -1 do undo[place]() end
end
