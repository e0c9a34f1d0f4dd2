-- SPDX-License-Identifier: MIT
-- What a room's channel tells of a message, whole or only where it stands.
local function notice(epoch, offset, body, is_logged)
  if is_logged and #body > LARGE then return 'l ' .. epoch .. ' ' .. offset end
  return 'm ' .. epoch .. ' ' .. offset .. ' ' .. body
end
