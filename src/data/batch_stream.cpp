// BatchStream: batches from a BatchMaker, made ahead on a thread when asked for. The thread alone touches the maker;
// what it makes goes through a queue of bounded length together with the place after it, so that cursor() speaks of
// what was handed out and not of what was made ahead.
#include <condition_variable>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <utility>

#include "batch_maker.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

Json made_with(const ExampleList& examples, const BatchOptions& options) {
  return Json::object({{"num_examples", examples.size()},
                       {"examples_sha256", examples.digest()},
                       {"batch_size", options.batch_size},
                       {"max_tokens", options.max_tokens},
                       {"pack_to", options.pack_to},
                       {"shuffle", options.shuffle},
                       {"group_by_length", options.group_by_length},
                       {"group_size", options.group_size},
                       {"seed", std::to_string(options.seed)},
                       {"world_size", options.world_size}});
}

void require_same(const Json& then, const Json& now) {
  std::vector<std::string> differences;
  for (const auto& [name, value] : now.members()) {
    const Json* before = then.find(name);
    if (before == nullptr || *before != value)
      differences.push_back(
          cat(name, " was ", before == nullptr ? "not recorded" : dump(*before), " and is ", dump(value)));
  }
  if (!differences.empty())
    throw ConfigError(cat("the run cannot go on from this place in its data: ", join(differences, "; ")),
                      "resume with the data and settings of the checkpoint, or start a new run");
}

}  // namespace

struct BatchStream::Impl {
  struct Made {
    std::optional<Batch> batch;  ///< nothing at the end, and with an error
    BatchPlace place;
    std::exception_ptr error;
    bool is_end() const noexcept { return !batch; }
  };

  Json settings;
  BatchMaker maker;
  const std::uint64_t num_items;
  BatchPlace handed_out;
  std::size_t capacity;
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<Made> queue;  ///< an end stays in it
  bool should_stop = false;
  std::thread thread;

  Impl(const std::shared_ptr<const ExampleList>& examples, const BatchOptions& options, const DataCursor* cursor)
      : settings(made_with(*examples, options)),
        maker((cursor != nullptr ? require_same(cursor->made_with, settings) : void(), examples), options),
        num_items(maker.num_items()),
        capacity(options.num_prefetched) {
    if (cursor != nullptr) maker.go_to(*cursor);
    handed_out = maker.place();
    if (capacity > 0) thread = std::thread([this] { make_ahead(); });
  }

  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      should_stop = true;
    }
    changed.notify_all();
    if (thread.joinable()) thread.join();
  }

  Made make_one() noexcept {
    Made made;
    try {
      made.batch = maker.make();
      made.place = maker.place();
    } catch (...) {
      made.error = std::current_exception();
    }
    return made;
  }

  void make_ahead() {
    for (bool is_end = false; !is_end;) {
      {
        std::unique_lock lock(mutex);
        changed.wait(lock, [this] { return should_stop || queue.size() < capacity; });
        if (should_stop) return;
      }
      Made made = make_one();
      is_end = made.is_end();
      {
        const std::lock_guard lock(mutex);
        queue.push_back(std::move(made));
      }
      changed.notify_all();
    }
  }

  std::optional<Batch> next() {
    std::unique_lock lock(mutex);
    if (capacity == 0 && queue.empty()) queue.push_back(make_one());
    changed.wait(lock, [this] { return !queue.empty(); });
    if (queue.front().error) std::rethrow_exception(queue.front().error);
    if (queue.front().is_end()) return std::nullopt;
    Made made = std::move(queue.front());
    queue.pop_front();
    handed_out = std::move(made.place);
    lock.unlock();
    changed.notify_all();
    return std::move(made.batch);
  }
};

BatchStream::BatchStream(std::shared_ptr<const ExampleList> examples, const BatchOptions& options)
    : impl_(std::make_unique<Impl>(examples, options, nullptr)) {}
BatchStream::BatchStream(std::shared_ptr<const ExampleList> examples, const BatchOptions& options,
                         const DataCursor& cursor)
    : impl_(std::make_unique<Impl>(examples, options, &cursor)) {}
BatchStream::BatchStream(BatchStream&&) noexcept = default;
BatchStream& BatchStream::operator=(BatchStream&&) noexcept = default;
BatchStream::~BatchStream() = default;

std::optional<Batch> BatchStream::next() { return impl_->next(); }

DataCursor BatchStream::cursor() const {
  const BatchPlace& place = impl_->handed_out;
  return {place.epoch, place.position, place.generator, place.order_digest ? *place.order_digest : std::string(),
          impl_->settings};
}

std::uint64_t BatchStream::num_items() const noexcept { return impl_->num_items; }

// Touches only what never changes in the maker, so it may run beside the thread.
std::uint64_t BatchStream::num_batches(std::uint64_t num_epochs) const { return impl_->maker.num_batches(num_epochs); }

}  // namespace forgelm::data
