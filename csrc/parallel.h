// Splits a range over threads.
//
// Threads are started for each call and joined before it returns: no pool, hence nothing that a
// fork could leave half-alive, at the price of some 20 us a thread; work too short to repay that
// stays in the calling thread. Chunks come from an atomic counter, so a slow core delays the call
// by one chunk at most. The work must give the same answer however the range is cut.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#ifdef __linux__
#include <sched.h>
#endif

namespace gansdk {

// Output below this many bytes is not worth a second thread.
inline constexpr std::uint64_t kParallelBytes = 1 << 20;

// The CPUs that this process may run on.
inline unsigned usable_cpus() {
#ifdef __linux__
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    return static_cast<unsigned>(std::max(1, CPU_COUNT(&set)));
  }
#endif
  return std::max(1u, std::thread::hardware_concurrency());
}

// Calls work(first, last) on chunks that cover [0, size), on up to `threads` threads, the calling
// one included; 0 means one for each usable CPU. The first exception stops the rest and is thrown
// here. A thread that cannot be started is done without: its share falls to the others.
template <class Work>
void parallel_for(std::uint64_t size, std::uint64_t chunk, unsigned threads, const Work& work) {
  const std::uint64_t chunks = size / chunk + (size % chunk != 0);
  if (chunks == 0) return;
  if (threads == 0) threads = usable_cpus();
  std::atomic<std::uint64_t> next{0};
  std::mutex mutex;
  std::exception_ptr failure;
  const auto run = [&] {
    try {
      for (std::uint64_t c; (c = next.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
        work(c * chunk, c + 1 == chunks ? size : (c + 1) * chunk);
      }
    } catch (...) {
      next.store(chunks, std::memory_order_relaxed);
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  std::vector<std::thread> helpers;
  const std::uint64_t wanted = std::min<std::uint64_t>(threads, chunks) - 1;
  try {
    helpers.reserve(wanted);
    while (helpers.size() < wanted) helpers.emplace_back(run);
  } catch (const std::system_error&) {  // no more threads: carry on with those there are
  } catch (const std::bad_alloc&) {
  }
  run();
  for (std::thread& helper : helpers) helper.join();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace gansdk
