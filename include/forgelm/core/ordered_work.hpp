// Work on many items by several threads with results in the order of the items: read, work, write. Memory is bounded:
// at most `max_in_flight` items are between reading and writing. The first error in the order of items ends it,
// whichever thread met one first, so that what a user sees does not depend on timing.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace forgelm {

/// Processors this process may use: its affinity mask, at least 1.
int num_processors() noexcept;

namespace detail {
/// The same without types: `work` is handed what `read` gave.
void run_ordered(int num_threads, std::size_t max_in_flight, const std::function<std::shared_ptr<void>()>& read,
                 const std::function<std::shared_ptr<void>(std::shared_ptr<void>, int)>& work,
                 const std::function<void(std::shared_ptr<void>)>& write);
}  // namespace detail

/// Calls `read` (std::optional<In>(); nothing at the end) on one thread at a time, `work` (Out(In, int thread)) on
/// `num_threads` threads, `write` (void(Out)) on the calling thread in the order of reading. An exception of any of
/// them is rethrown here once all items before it are written; then no thread runs any more.
template <class In, class Out, class Read, class Work, class Write>
void run_ordered(int num_threads, Read read, Work work, Write write) {
  const auto count = static_cast<std::size_t>(num_threads);
  detail::run_ordered(
      num_threads, 2 * count + 2,
      [&]() -> std::shared_ptr<void> {
        std::optional<In> item = read();
        return item ? std::make_shared<In>(std::move(*item)) : nullptr;
      },
      [&](std::shared_ptr<void> item, int thread) -> std::shared_ptr<void> {
        return std::make_shared<Out>(work(std::move(*static_cast<In*>(item.get())), thread));
      },
      [&](std::shared_ptr<void> result) { write(std::move(*static_cast<Out*>(result.get()))); });
}

}  // namespace forgelm
