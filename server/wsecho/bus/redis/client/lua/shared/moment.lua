-- SPDX-License-Identifier: MIT
-- What is shown of when a message was taken, and the note of it in its record. In a room it never
-- goes back, though the clock may be set back: then it is what was shown last.
local function moment_of(taken, last_shown)
  if tonumber(taken) >= tonumber(last_shown) then return taken, '' end
  return last_shown, ';t' .. last_shown
end
