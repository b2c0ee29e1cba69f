#include "token_segment.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::data {
namespace {

namespace fs = std::filesystem;

static_assert(std::endian::native == std::endian::little, "segments are mapped, and little-endian");
static_assert(sizeof(TokenRange) == 8);

constexpr std::string_view kMagic = "FGLMTOKS";
constexpr std::uint64_t kVersion = 2;
constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
constexpr std::uint64_t kMaxCount = std::numeric_limits<std::uint32_t>::max();

struct Header {
  char magic[8];
  std::uint32_t version;
  std::uint32_t header_bytes;
  std::uint64_t number, num_examples, num_sequences, num_ranges, num_ids, extra_bytes, state_bytes, file_bytes;
  std::uint64_t num_learnt, zero;
  Sha256Digest description, index, header;
};
static_assert(sizeof(Header) == 192 && std::is_trivially_copyable_v<Header>);
constexpr std::size_t kDigestedHeaderBytes = 160;

template <class T>
std::string_view bytes_of_array(const std::vector<T>& items) {
  return {reinterpret_cast<const char*>(items.data()), items.size() * sizeof(T)};
}

std::uint64_t round_up(std::uint64_t value, std::uint64_t to) { return (value + to - 1) / to * to; }

/// Where the parts of a file lie, from the counts of its header.
struct Shape {
  explicit Shape(const Header& h)
      : extra(sizeof(Header) + h.num_ids * sizeof(std::int32_t)),
        rows(round_up(extra + h.extra_bytes, 8)),
        id_ends(rows + h.num_examples * 8),
        range_ends(id_ends + h.num_sequences * 4),
        sequence_ends(range_ends + h.num_sequences * 4),
        extra_ends(sequence_ends + h.num_examples * 4),
        characters(extra_ends + h.num_examples * 4),
        ranges(characters + h.num_examples * 4),
        digests(ranges + h.num_ranges * 8),
        num_blocks((rows - sizeof(Header) + kBlockBytes - 1) / kBlockBytes),
        state(digests + num_blocks * sizeof(Sha256Digest)),
        end(state + h.state_bytes) {}
  std::uint64_t extra, rows, id_ends, range_ends, sequence_ends, extra_ends, characters, ranges, digests, num_blocks,
      state, end;
};

/// The digests of the MiB blocks of what passes through.
class BlockDigests {
 public:
  void update(std::string_view bytes) {
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kBlockBytes - filled_);
      hash_.update(part);
      filled_ += part.size();
      bytes.remove_prefix(part.size());
      if (filled_ == kBlockBytes) close();
    }
  }
  std::string finish() {
    if (filled_ > 0) close();
    return std::move(digests_);
  }

 private:
  void close() {
    digests_ += bytes_of(hash_.finish());
    filled_ = 0;
  }
  Sha256 hash_;
  std::size_t filled_ = 0;
  std::string digests_;
};

/// Whether ends never go back and the last one is `total`.
bool are_ends(const std::uint32_t* ends, std::uint64_t num, std::uint64_t total) {
  return (num == 0 ? 0u : ends[num - 1]) == total && std::is_sorted(ends, ends + num);
}

void check_ranges(const Sequence& sequence) {
  std::uint64_t least = 0;
  for (const TokenRange& range : sequence.learnt) {
    if (range.begin < least || range.end <= range.begin || range.end > sequence.ids.size())
      throw RunError(RunErrorKind::internal,
                     cat("a learnt range ", range.begin, " to ", range.end, " of a sequence of ", sequence.ids.size(),
                         " tokens is empty, out of order or out of bounds"));
    least = range.end;
  }
}

}  // namespace

TokenTotals& TokenTotals::operator+=(const TokenTotals& other) noexcept {
  num_examples += other.num_examples;
  num_sequences += other.num_sequences;
  num_tokens += other.num_tokens;
  num_learnt += other.num_learnt;
  return *this;
}

std::uint64_t SegmentBuilder::size_bytes() const noexcept {
  return sizeof(Header) + ids_.size() * 4 + extra_.size() + rows_.size() * 20 + id_ends_.size() * 8 +
         ranges_.size() * 8;
}

void SegmentBuilder::append(const Example& example) {
  if (example.sequences.empty())
    throw RunError(RunErrorKind::internal, cat("the example of row ", example.row, " has no sequences"));
  std::uint64_t num_ids = ids_.size();
  for (const Sequence& sequence : example.sequences) {
    check_ranges(sequence);
    num_ids += sequence.ids.size();
  }
  if (num_ids > kMaxCount || extra_.size() + example.extra.size() > kMaxCount)
    throw RunError(RunErrorKind::data, cat("row ", example.row, " is too large: a segment holds 2^32 - 1 tokens"));
  std::uint32_t num_characters = 0;
  for (const Sequence& sequence : example.sequences) {
    num_characters += sequence.num_characters;
    ids_.insert(ids_.end(), sequence.ids.begin(), sequence.ids.end());
    ranges_.insert(ranges_.end(), sequence.learnt.begin(), sequence.learnt.end());
    id_ends_.push_back(static_cast<std::uint32_t>(ids_.size()));
    range_ends_.push_back(static_cast<std::uint32_t>(ranges_.size()));
    for (const TokenRange& range : sequence.learnt) totals_.num_learnt += range.end - range.begin;
  }
  extra_ += example.extra;
  extra_ends_.push_back(static_cast<std::uint32_t>(extra_.size()));
  sequence_ends_.push_back(static_cast<std::uint32_t>(id_ends_.size()));
  characters_.push_back(num_characters);
  rows_.push_back(example.row);
  totals_.num_tokens = ids_.size();
  totals_.num_sequences = id_ends_.size();
  totals_.num_examples = rows_.size();
}

Sha256Digest SegmentBuilder::write(const fs::path& path, std::uint64_t number, const Sha256Digest& description,
                                   std::string_view state) {
  const std::string_view ids = bytes_of_array(ids_);
  const std::string padding((8 - (ids.size() + extra_.size()) % 8) % 8, '\0');
  BlockDigests blocks;
  for (const std::string_view part : {ids, std::string_view(extra_), std::string_view(padding)}) blocks.update(part);
  const std::string digests = blocks.finish();
  const std::string_view index[] = {
      bytes_of_array(rows_),          bytes_of_array(id_ends_),    bytes_of_array(range_ends_),
      bytes_of_array(sequence_ends_), bytes_of_array(extra_ends_), bytes_of_array(characters_),
      bytes_of_array(ranges_),        std::string_view(digests),   state};
  Header header{};
  kMagic.copy(header.magic, sizeof(header.magic));
  header.version = kVersion;
  header.header_bytes = sizeof(Header);
  header.number = number;
  header.num_examples = rows_.size();
  header.num_sequences = id_ends_.size();
  header.num_ranges = ranges_.size();
  header.num_ids = ids_.size();
  header.extra_bytes = extra_.size();
  header.state_bytes = state.size();
  header.num_learnt = totals_.num_learnt;
  header.file_bytes = Shape(header).end;
  header.description = description;
  Sha256 hash;
  for (const std::string_view part : index) hash.update(part);
  header.index = hash.finish();
  header.header = hash.update(&header, kDigestedHeaderBytes).finish();

  DurableFile file(path, 0600);
  file.write({reinterpret_cast<const char*>(&header), sizeof(header)});
  for (const std::string_view part : {ids, std::string_view(extra_), std::string_view(padding)}) file.write(part);
  for (const std::string_view part : index) file.write(part);
  file.commit();
  clear();
  return header.header;
}

/// Keeps the memory: the next segment needs as much.
void SegmentBuilder::clear() noexcept {
  ids_.clear();
  extra_.clear();
  rows_.clear();
  for (auto* list : {&id_ends_, &range_ends_, &sequence_ends_, &extra_ends_, &characters_}) list->clear();
  ranges_.clear();
  totals_ = {};
}

Segment::Segment(fs::path path, MappedFile file) : path_(std::move(path)), file_(std::move(file)) {}

Result<Segment> Segment::open(const fs::path& path, std::uint64_t number, const Sha256Digest& description) {
  auto file = MappedFile::open_if_exists(path);
  if (!file) return Failure{cat(path.native(), " is missing")};
  const std::string_view bytes = file->bytes();
  const auto damaged = [&](std::string_view what) { return Failure{cat(path.native(), " is damaged: ", what)}; };
  Header header{};
  if (bytes.size() < sizeof(header)) return damaged("it is too short");
  std::memcpy(&header, bytes.data(), sizeof(header));
  if (std::string_view(header.magic, sizeof(header.magic)) != kMagic) return damaged("it does not start as a segment");
  if (header.header != sha256(bytes.substr(0, kDigestedHeaderBytes))) return damaged("its header has changed");
  if (header.version != kVersion || header.header_bytes != sizeof(header))
    return Failure{cat(path.native(), " is of version ", header.version, ", which this forgelm does not read")};
  if (header.number != number || header.description != description)
    return Failure{cat(path.native(), " belongs to another place or another store")};
  // Bounds that make the sums of Shape safe; the digest already says that these are the numbers that were written.
  for (const std::uint64_t count : {header.num_examples, header.num_sequences, header.num_ranges, header.num_ids,
                                    header.extra_bytes, header.state_bytes})
    if (count > kMaxCount) return damaged("its counts are too large");
  const Shape shape(header);
  if (shape.end != bytes.size() || header.file_bytes != bytes.size()) return damaged("its size is not what it says");
  if (header.index != sha256(bytes.substr(shape.rows))) return damaged("its index has changed");

  Segment segment(path, *std::move(file));
  const auto at = [&](auto*& pointer, std::uint64_t offset) {
    pointer = reinterpret_cast<std::remove_reference_t<decltype(pointer)>>(bytes.data() + offset);
  };
  at(segment.ids_, sizeof(Header));
  at(segment.extra_, shape.extra);
  at(segment.rows_, shape.rows);
  at(segment.id_ends_, shape.id_ends);
  at(segment.range_ends_, shape.range_ends);
  at(segment.sequence_ends_, shape.sequence_ends);
  at(segment.extra_ends_, shape.extra_ends);
  at(segment.characters_, shape.characters);
  at(segment.ranges_, shape.ranges);
  segment.body_ = bytes.substr(sizeof(Header), shape.rows - sizeof(Header));
  segment.block_digests_ = bytes.substr(shape.digests, shape.state - shape.digests);
  segment.state_ = bytes.substr(shape.state);
  segment.totals_ = {header.num_examples, header.num_sequences, header.num_ids, header.num_learnt};
  segment.digest_ = header.header;
  segment.known_whole_ = std::make_unique<std::atomic<std::uint64_t>[]>(shape.num_blocks / 64 + 1);
  // A digest shows that nobody changed the index by accident; what follows keeps a forged one from reading elsewhere.
  if (!are_ends(segment.id_ends_, header.num_sequences, header.num_ids) ||
      !are_ends(segment.range_ends_, header.num_sequences, header.num_ranges) ||
      !are_ends(segment.sequence_ends_, header.num_examples, header.num_sequences) ||
      !are_ends(segment.extra_ends_, header.num_examples, header.extra_bytes))
    return damaged("its index contradicts itself");
  for (std::uint64_t s = 0; s < header.num_sequences; ++s) {
    std::uint32_t least = 0;
    const std::uint32_t length = segment.id_ends_[s] - (s == 0 ? 0 : segment.id_ends_[s - 1]);
    for (std::uint32_t r = s == 0 ? 0 : segment.range_ends_[s - 1]; r < segment.range_ends_[s]; ++r) {
      const TokenRange range = segment.ranges_[r];
      if (range.begin < least || range.end <= range.begin || range.end > length)
        return damaged("its learnt ranges contradict its lengths");
      least = range.end;
    }
  }
  return segment;
}

namespace {
std::uint32_t begin_of(const std::uint32_t* ends, std::uint64_t at) noexcept { return at == 0 ? 0 : ends[at - 1]; }
}  // namespace

std::uint32_t Segment::num_sequences(std::uint64_t example) const noexcept {
  return sequence_ends_[example] - begin_of(sequence_ends_, example);
}

std::uint32_t Segment::length(std::uint64_t example) const noexcept {
  std::uint32_t longest = 0;
  for (std::uint64_t s = begin_of(sequence_ends_, example); s < sequence_ends_[example]; ++s)
    longest = std::max(longest, id_ends_[s] - begin_of(id_ends_, s));
  return longest;
}

std::uint32_t Segment::num_tokens(std::uint64_t example) const noexcept {
  const std::uint32_t end = sequence_ends_[example];
  return begin_of(id_ends_, end) - begin_of(id_ends_, begin_of(sequence_ends_, example));
}

SequenceView Segment::sequence(std::uint64_t example, std::uint32_t which) const {
  const std::uint64_t s = std::uint64_t{begin_of(sequence_ends_, example)} + which;
  if (s >= sequence_ends_[example])
    throw RunError(RunErrorKind::internal, cat("an example of ", num_sequences(example), " has no sequence ", which));
  const std::uint32_t begin = begin_of(id_ends_, s);
  const std::uint32_t first_range = begin_of(range_ends_, s);
  const SequenceView view{{ids_ + begin, id_ends_[s] - begin}, {ranges_ + first_range, range_ends_[s] - first_range}};
  require_whole(view.ids.data(), view.ids.size_bytes());
  return view;
}

std::string_view Segment::extra(std::uint64_t example) const {
  const std::uint32_t begin = begin_of(extra_ends_, example);
  const std::string_view text(extra_ + begin, extra_ends_[example] - begin);
  require_whole(text.data(), text.size());
  return text;
}

bool Segment::is_block_whole(std::uint64_t block) const {
  const std::uint64_t bit = std::uint64_t{1} << (block % 64);
  if ((known_whole_[block / 64].load(std::memory_order_relaxed) & bit) != 0) return true;
  const std::string_view bytes = body_.substr(block * kBlockBytes, kBlockBytes);
  const Sha256Digest digest = sha256(bytes);
  file_.release_pages(bytes);  // checking a whole store must not make all of it resident
  if (bytes_of(digest) != block_digests_.substr(block * sizeof(digest), sizeof(digest))) return false;
  known_whole_[block / 64].fetch_or(bit, std::memory_order_relaxed);
  return true;
}

void Segment::require_whole(const void* begin, std::size_t size_bytes) const {
  if (size_bytes == 0) return;
  const auto first = static_cast<std::uint64_t>(static_cast<const char*>(begin) - body_.data());
  for (std::uint64_t block = first / kBlockBytes; block <= (first + size_bytes - 1) / kBlockBytes; ++block)
    if (!is_block_whole(block))
      throw RunError(RunErrorKind::data,
                     cat(path_.native(), " is damaged: its tokens have changed since they were written"),
                     "remove the cache; the next run makes it anew", {{"path", path_.native()}});
}

bool Segment::has_whole_body() const {
  for (std::uint64_t block = 0; block * kBlockBytes < body_.size(); ++block)
    if (!is_block_whole(block)) return false;
  return true;
}

}  // namespace forgelm::data
