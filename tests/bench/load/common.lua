-- What the load scripts share: each thread's number, and the run's result as one line of JSON for lib/load.js.

local n_threads = 0

function setup(thread)
   thread:set("thread_id", n_threads)
   n_threads = n_threads + 1
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
