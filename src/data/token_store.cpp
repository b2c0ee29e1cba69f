// Reading a token store. An example is found by a binary search over the segments' first examples, then by its place in
// the segment.
#include "forgelm/data/token_store.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <utility>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "token_manifest.hpp"

namespace forgelm::data {

namespace fs = std::filesystem;

struct TokenStore::Impl {
  fs::path path;
  TokenManifest manifest;
  std::vector<Segment> segments;
  std::vector<std::uint64_t> first_examples;  ///< of each segment
  std::uint64_t size_bytes = 0;

  struct Place {
    const Segment& segment;
    std::uint64_t example;
  };

  Place find(std::uint64_t example) const {
    if (example >= manifest.totals.num_examples)
      throw RunError(RunErrorKind::internal,
                     cat("there is no example ", example, " among ", manifest.totals.num_examples));
    const auto after = std::upper_bound(first_examples.begin(), first_examples.end(), example);
    const auto at = static_cast<std::size_t>(after - first_examples.begin()) - 1;
    return {segments[at], example - first_examples[at]};
  }

  /// So that the next run rebuilds. Best effort: a cache that cannot be written to is found damaged again.
  void give_up() const noexcept try {
    TokenManifest unfinished;
    const auto now = read_manifest(path);
    if (!now || now->digest != manifest.digest) return;  // somebody is rebuilding already
    unfinished.description = manifest.description;
    write_manifest(path, unfinished);
  } catch (...) {  // the error that led here says more
  }

  /// What `read` gives; tokens that were found damaged make the store unfinished.
  template <class Read>
  auto checked(Read read) const {
    try {
      return read();
    } catch (const RunError& error) {
      if (error.kind() == RunErrorKind::data) give_up();
      throw;
    }
  }
};

namespace {

/// The segments that a manifest lists; a failure says which is not as listed.
Result<std::vector<Segment>> open_segments(const fs::path& path, const TokenManifest& manifest) {
  std::vector<Segment> segments;
  const Sha256Digest description = digest_of_description(manifest.description);
  TokenTotals totals;
  for (std::uint64_t number = 0; number < manifest.segments.size(); ++number) {
    const TokenManifest::Entry& entry = manifest.segments[number];
    auto segment = Segment::open(segment_path(path, number), number, description);
    if (!segment) return segment.error();
    if (segment->size_bytes() != entry.size_bytes || segment->totals().num_examples != entry.num_examples ||
        hex_encode(bytes_of(segment->digest())) != entry.digest)
      return Failure{cat(segment->path().native(), " is not the segment that belongs there")};
    totals += segment->totals();
    segments.push_back(std::move(segment).value());
  }
  if (totals != manifest.totals) return Failure{cat(path.native(), " does not hold what it lists")};
  return segments;
}

}  // namespace

std::optional<TokenStore> TokenStore::open(const fs::path& path, const Json& description) {
  std::string ignored;
  return open(path, description, ignored);
}

std::optional<TokenStore> TokenStore::open(const fs::path& path, const Json& description, std::string& why_not) {
  auto manifest = read_manifest(path);
  if (!manifest) return why_not = manifest.error().message, std::nullopt;
  if (manifest->description != description)
    return why_not = cat(path.native(), " was made from something else"), std::nullopt;
  if (!manifest->is_whole) return why_not = cat(path.native(), " is unfinished"), std::nullopt;
  auto segments = open_segments(path, *manifest);
  if (!segments) return why_not = segments.error().message, std::nullopt;
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->manifest = std::move(manifest).value();
  impl->segments = std::move(segments).value();
  std::uint64_t num_examples = 0;
  for (const Segment& segment : impl->segments) {
    impl->first_examples.push_back(num_examples);
    num_examples += segment.totals().num_examples;
    impl->size_bytes += segment.size_bytes();
    segment.release_pages();
  }
  return TokenStore(std::move(impl));
}

TokenStore::TokenStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TokenStore::TokenStore(TokenStore&&) noexcept = default;
TokenStore& TokenStore::operator=(TokenStore&&) noexcept = default;
TokenStore::~TokenStore() = default;

std::uint64_t TokenStore::num_examples() const noexcept { return impl_->manifest.totals.num_examples; }
std::uint64_t TokenStore::num_tokens() const noexcept { return impl_->manifest.totals.num_tokens; }
std::uint64_t TokenStore::num_learnt() const noexcept { return impl_->manifest.totals.num_learnt; }
std::uint64_t TokenStore::size_bytes() const noexcept { return impl_->size_bytes; }
const Json& TokenStore::description() const noexcept { return impl_->manifest.description; }
const Json& TokenStore::report() const noexcept { return impl_->manifest.report; }
const std::string& TokenStore::digest() const noexcept { return impl_->manifest.digest; }

std::uint32_t TokenStore::num_sequences(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return segment.num_sequences(at);
}

SequenceView TokenStore::sequence(std::uint64_t example, std::uint32_t which) const {
  const auto [segment, at] = impl_->find(example);
  return impl_->checked([&segment = segment, at = at, which] { return segment.sequence(at, which); });
}

std::uint32_t TokenStore::length(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return segment.length(at);
}

std::uint32_t TokenStore::num_tokens(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return segment.num_tokens(at);
}

std::uint32_t TokenStore::num_characters(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return segment.num_characters(at);
}

std::uint64_t TokenStore::row(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return segment.row(at);
}

std::string_view TokenStore::extra(std::uint64_t example) const {
  const auto [segment, at] = impl_->find(example);
  return impl_->checked([&segment = segment, at = at] { return segment.extra(at); });
}

bool TokenStore::verify(int num_threads) const {
  std::atomic<std::size_t> next{0};
  std::atomic<bool> is_whole{true};
  const auto work = [&] {
    for (std::size_t at = next++; at < impl_->segments.size() && is_whole; at = next++)
      if (!impl_->segments[at].has_whole_body()) is_whole = false;
  };
  std::vector<std::jthread> helpers;
  const auto wanted = std::min<std::size_t>(static_cast<std::size_t>(std::max(num_threads, 1)), impl_->segments.size());
  for (std::size_t i = 1; i < wanted; ++i) helpers.emplace_back(work);
  work();
  helpers.clear();  // joins
  if (!is_whole) impl_->give_up();
  return is_whole;
}

void TokenStore::release_pages() const noexcept {
  for (const Segment& segment : impl_->segments) segment.release_pages();
}

}  // namespace forgelm::data
