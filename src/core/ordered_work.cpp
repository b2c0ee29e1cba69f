// One lock guards all of it: items are blocks of rows, not rows, so it is taken a few hundred times a second.
// Invariant: every sequence number below `next_read` is either held by a worker or in `done`; the caller writes
// `next_write`.
#include "forgelm/core/ordered_work.hpp"

#include <sched.h>

#include <algorithm>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace forgelm {

int num_processors() noexcept {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0)
    return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  return std::max(1, CPU_COUNT(&set));
}

namespace {

struct Result {
  std::shared_ptr<void> value;
  std::exception_ptr error;
};

struct Shared {
  std::mutex mutex;
  std::mutex read_mutex;  // held while reading, so that reads follow one another without holding up the writer
  std::condition_variable changed;
  std::map<std::uint64_t, Result> done;
  std::uint64_t next_read = 0;
  std::uint64_t next_write = 0;
  std::uint64_t end = UINT64_MAX;  // no item has this number or a higher one
  bool stops = false;
};

}  // namespace

void detail::run_ordered(int num_threads, std::size_t max_in_flight, const std::function<std::shared_ptr<void>()>& read,
                         const std::function<std::shared_ptr<void>(std::shared_ptr<void>, int)>& work,
                         const std::function<void(std::shared_ptr<void>)>& write) {
  Shared shared;
  const auto worker = [&](int thread) {
    while (true) {
      std::shared_ptr<void> item;
      std::uint64_t number = 0;
      Result result;
      {
        const std::lock_guard reading(shared.read_mutex);
        {
          std::unique_lock lock(shared.mutex);
          shared.changed.wait(lock, [&] {
            return shared.stops || shared.end != UINT64_MAX || shared.next_read - shared.next_write < max_in_flight;
          });
          if (shared.stops || shared.end != UINT64_MAX) return;
          number = shared.next_read;
        }
        try {
          item = read();
        } catch (...) {
          result.error = std::current_exception();
        }
        const std::lock_guard lock(shared.mutex);
        if (item == nullptr) shared.end = number + (result.error ? 1 : 0);
        else ++shared.next_read;
        if (item == nullptr) {
          if (result.error) shared.done.emplace(number, std::move(result));
          shared.changed.notify_all();
          return;
        }
      }
      try {
        result.value = work(std::move(item), thread);
      } catch (...) {
        result.error = std::current_exception();
      }
      const std::lock_guard lock(shared.mutex);
      shared.done.emplace(number, std::move(result));
      shared.changed.notify_all();
    }
  };

  std::vector<std::thread> threads;
  const auto join = [&] {
    {
      const std::lock_guard lock(shared.mutex);
      shared.stops = true;
    }
    shared.changed.notify_all();
    for (auto& thread : threads) thread.join();
  };
  try {
    for (int i = 0; i < std::max(1, num_threads); ++i) threads.emplace_back(worker, i);
    while (true) {
      Result result;
      {
        std::unique_lock lock(shared.mutex);
        shared.changed.wait(lock,
                            [&] { return shared.next_write >= shared.end || shared.done.contains(shared.next_write); });
        if (shared.next_write >= shared.end) break;
        const auto found = shared.done.find(shared.next_write);
        result = std::move(found->second);
        shared.done.erase(found);
      }
      if (result.error) std::rethrow_exception(result.error);
      write(std::move(result.value));
      const std::lock_guard lock(shared.mutex);
      ++shared.next_write;
      shared.changed.notify_all();
    }
  } catch (...) {
    join();
    throw;
  }
  join();
}

}  // namespace forgelm
