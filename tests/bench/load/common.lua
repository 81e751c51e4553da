-- What the load scripts share, and the run's result as one line of JSON for lib/load.js.

-- The time would not do as a seed: several runs, and the threads of each, begin within a second, and would ask for the same configs.
function seed_random()
   local file = assert(io.open("/dev/urandom", "rb"))
   local a, b, c, d = file:read(4):byte(1, 4)

   file:close()
   math.randomseed(((a * 256 + b) * 256 + c) * 256 + d)
end

function done(summary, latency)
   local e = summary.errors

   io.write(string.format(
      'RESULT {"requests": %d, "us": %d, "bytes": %d, "p50_us": %d, "p99_us": %d, '
         .. '"errors": {"connect": %d, "read": %d, "write": %d, "timeout": %d, "status": %d}}\n',
      summary.requests, summary.duration, summary.bytes, latency:percentile(50), latency:percentile(99),
      e.connect, e.read, e.write, e.timeout, e.status))
end

function read_all(path)
   local file = assert(io.open(path, "rb"))
   local text = file:read("*a")

   file:close()
   return text
end

-- Splits a text at its only MARK.
function split(text, mark)
   local first, last = text:find(mark, 1, true)

   assert(first, mark .. " is not in the template")
   return text:sub(1, first - 1), text:sub(last + 1)
end
