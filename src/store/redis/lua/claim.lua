-- Makes a new ownership if the old one still is what was seen. KEYS: owners. ARGV: owner, seen (empty: none), new.
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
