-- SPDX-License-Identifier: MIT
-- Begins each script; guard_end.lua ends it. What lies between is called such that an error tells
-- whether anything had been written by then.
local reads = {GET = 1, HGET = 1, HMGET = 1, HSCAN = 1, PTTL = 1, TIME = 1, XRANGE = 1,
  XREVRANGE = 1, ZCOUNT = 1, ZRANGE = 1, ZSCORE = 1}
local has_written = false
local redis = setmetatable({
  call = function(name, ...)
    local reply = redis.call(name, ...)
    if not reads[name] then has_written = true end
    return reply
  end
}, {__index = redis})
local function act()
