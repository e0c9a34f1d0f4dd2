-- SPDX-License-Identifier: MIT
-- Redis 7 raises tables; before, the text had the script's name and the line in front.
end
local is_done, outcome = pcall(act)
if is_done then return outcome end
local text = type(outcome) == 'table' and outcome.err or tostring(outcome)
text = string.gsub(text, '^[ @%w_]*script: *%d+: *', '')
text = string.gsub(text, '^[ @%w_]*script: *%d+: *', '')
text = string.gsub(text, '^%-', '')
if not string.match(text, '^%u+ ') then text = 'ERR ' .. text end
return {err = has_written and 'HALFWAY ' .. text or text}
