// Building a token store, and the choice between opening and building. On disk, in this order: store.json that says
// "unfinished", segments 0, 1, 2, ..., store.json that lists them. A kill in between leaves an unfinished store whose
// segments are whole, each with the state that its checkpoint was given.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/lock.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_store.hpp"
#include "token_manifest.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

constexpr Logger logger("forgelm.data");

/// Without checkpoints a segment still ends, so that memory is bounded.
constexpr std::uint64_t kHardLimitFactor = 4;

FileLock lock_store(const fs::path& path, int timeout_ms) {
  fs::path lock_path = path;
  lock_path += ".lock";
  if (auto lock = FileLock::try_acquire(lock_path)) return *std::move(lock);
  if (timeout_ms > 0) logger.info("waiting for another process that builds ", path.native());
  return FileLock::acquire(lock_path, timeout_ms);
}

void make_private_directory(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) throw os_error("create", path.native(), errno);
}

void remove_file(const fs::path& path) {
  std::error_code error;
  fs::remove(path, error);
  if (error) throw os_error("remove", path.native(), error.value());
}

}  // namespace

struct TokenStoreWriter::Impl {
  fs::path path;
  TokenStoreOptions options;
  FileLock lock;
  TokenManifest manifest;
  Sha256Digest description;
  Json resume_state;
  SegmentBuilder builder;
  bool is_committed = false;

  Impl(const fs::path& store, const Json& made_from, const TokenStoreOptions& wanted, FileLock held)
      : path(store), options(wanted), lock(std::move(held)), description(digest_of_description(made_from)) {
    make_private_directory(path);
    manifest.description = made_from;
    write_manifest(path, manifest);
    keep_segments();
  }

  /// Counts in the undamaged segments from the start up to the last one that has a state; removes all others.
  void keep_segments() {
    std::vector<TokenManifest::Entry> entries;
    TokenTotals totals;
    for (std::uint64_t number = 0;; ++number) {
      const auto segment = Segment::open(segment_path(path, number), number, description);
      if (!segment || !segment->has_whole_body()) break;
      segment->release_pages();
      entries.push_back(entry_of(*segment));
      totals += segment->totals();
      if (segment->state().empty()) continue;
      auto state = parse_json(segment->state());
      if (!state) break;
      resume_state = std::move(state).value();
      manifest.segments = entries;
      manifest.totals = totals;
    }
    std::set<fs::path> kept;
    for (std::uint64_t number = 0; number < manifest.segments.size(); ++number)
      kept.insert(segment_path(path, number).filename());
    std::vector<fs::path> others;
    std::error_code error;
    for (fs::directory_iterator file(path, error), end; !error && file != end; file.increment(error)) {
      const fs::path name = file->path().filename();
      if (is_segment_name(name.native()) && kept.count(name) == 0) others.push_back(file->path());
    }
    if (error) throw os_error("list", path.native(), error.value());
    for (const fs::path& file : others) remove_file(file);
  }

  static TokenManifest::Entry entry_of(const Segment& segment) {
    return {segment.size_bytes(), segment.totals().num_examples, hex_encode(bytes_of(segment.digest()))};
  }

  void write_segment(std::string_view state) {
    const std::uint64_t number = manifest.segments.size();
    const fs::path file = segment_path(path, number);
    const TokenTotals totals = builder.totals();
    const Sha256Digest digest = builder.write(file, number, description, state);
    std::error_code error;
    const std::uint64_t size_bytes = fs::file_size(file, error);
    if (error) throw os_error("read", file.native(), error.value());
    manifest.segments.push_back({size_bytes, totals.num_examples, hex_encode(bytes_of(digest))});
    manifest.totals += totals;
  }
};

TokenStoreWriter::TokenStoreWriter(const fs::path& path, const Json& description, const TokenStoreOptions& options)
    : impl_(std::make_unique<Impl>(path, description, options, lock_store(path, options.lock_timeout_ms))) {}
TokenStoreWriter::TokenStoreWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenStoreWriter::TokenStoreWriter(TokenStoreWriter&&) noexcept = default;
TokenStoreWriter& TokenStoreWriter::operator=(TokenStoreWriter&&) noexcept = default;
TokenStoreWriter::~TokenStoreWriter() = default;

const Json& TokenStoreWriter::resume_state() const noexcept { return impl_->resume_state; }

std::uint64_t TokenStoreWriter::num_examples() const noexcept {
  return impl_->manifest.totals.num_examples + impl_->builder.totals().num_examples;
}

void TokenStoreWriter::append(const Example& example) {
  if (impl_->builder.size_bytes() >= kHardLimitFactor * impl_->options.segment_bytes) impl_->write_segment({});
  impl_->builder.append(example);
}

void TokenStoreWriter::checkpoint(const Json& state) {
  if (state.is_null())
    throw RunError(RunErrorKind::internal, "the state of a checkpoint is null, which stands for the start");
  if (impl_->builder.size_bytes() >= impl_->options.segment_bytes) impl_->write_segment(dump(state, {.compact = true}));
}

void TokenStoreWriter::commit(const Json& report) {
  if (impl_->is_committed) throw RunError(RunErrorKind::internal, cat(impl_->path.native(), " was committed before"));
  if (impl_->builder.totals().num_examples > 0) impl_->write_segment({});
  impl_->manifest.report = report;
  impl_->manifest.is_whole = true;
  write_manifest(impl_->path, impl_->manifest);
  impl_->is_committed = true;
}

TokenStore open_or_build(const fs::path& path, const Json& description,
                         const std::function<Json(TokenStoreWriter&)>& build, const TokenStoreOptions& options,
                         bool verify_tokens) {
  const auto try_open = [&]() -> std::optional<TokenStore> {
    std::string why_not;
    auto store = TokenStore::open(path, description, why_not);
    if (!store) logger.debug("no tokens to reuse: ", why_not);
    if (!store || !verify_tokens) return store;
    if (store->verify(std::min(num_processors(), 4))) return store;
    logger.warning(path.native(), " is damaged; it is made anew");
    return std::nullopt;
  };
  if (auto store = try_open()) return *std::move(store);
  FileLock lock = lock_store(path, options.lock_timeout_ms);
  // Another process may have built it while this one waited.
  if (auto store = try_open()) return *std::move(store);
  {
    TokenStoreWriter writer(std::make_unique<TokenStoreWriter::Impl>(path, description, options, std::move(lock)));
    writer.commit(build(writer));
  }
  std::string why_not;
  if (auto store = TokenStore::open(path, description, why_not)) return *std::move(store);
  throw RunError(RunErrorKind::io, cat("the tokens were damaged as soon as they were written: ", why_not),
                 "check the disk that holds them", {{"path", path.native()}});
}

}  // namespace forgelm::data
