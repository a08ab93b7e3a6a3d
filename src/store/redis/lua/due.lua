-- Timers in order of their due time, of one moment. KEYS: due, timers. ARGV: to, limit.
local members = redis.call('ZRANGE', KEYS[1], '-', ARGV[1], 'BYLEX', 'LIMIT', 0, ARGV[2])
local values = {}
for i = 1, #members do values[i] = redis.call('HGET', KEYS[2], string.sub(members[i], 9)) end
return {members, values}
