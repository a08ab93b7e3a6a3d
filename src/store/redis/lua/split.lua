-- Takes a holder (escaped group, two zero bytes, item) apart, from a place in it.
local function split(member, from)
  local stop = string.find(member, '\0\0', from, true)
  local group = string.sub(member, from, stop - 1)
  if string.find(group, '\0', 1, true) then group = string.gsub(group, '%z\255', '\0') end
  return group, string.sub(member, stop + 2)
end
