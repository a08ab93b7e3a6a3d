-- The record a unique entry belongs to, of one moment.
-- KEYS: unique entries. ARGV: entry, the beginning of the table's record keys (same partition).
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if not holder then return false end
local group, item = split(holder, 1)
return {holder, redis.call('HGET', ARGV[2] .. group, item)}
