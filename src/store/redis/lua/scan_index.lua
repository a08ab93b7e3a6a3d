-- Entries of one index group in order, with the values of the records they point to, of one moment.
-- KEYS: index. ARGV: from, to, limit, the beginning of the table's record keys (same partition), 'REV' or nothing.
local members
if ARGV[5] then
  members = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'REV', 'LIMIT', 0, ARGV[3])
else
  members = redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'BYLEX', 'LIMIT', 0, ARGV[3])
end
local values = {}
for i = 1, #members do
  local sort_end = string.find(members[i], '\0\0', 1, true)
  local group, item = split(members[i], sort_end + 2)
  values[i] = redis.call('HGET', ARGV[4] .. group, item)
end
return {members, values}
