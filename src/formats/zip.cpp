#include "forgelm/formats/zip.hpp"

#include <zlib.h>

#include <algorithm>
#include <optional>

#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

constexpr std::size_t kEndSize = 22, kCentralSize = 46, kLocalSize = 30;
constexpr std::size_t kMaxCommentSize = 65535;

std::uint32_t number(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i > 0; --i)
    value = value << 8 | static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i - 1]));
  return value;
}
std::uint16_t number16(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(number(bytes, at, 2));
}
std::uint32_t number32(std::string_view bytes, std::size_t at) { return number(bytes, at, 4); }

std::string shown_size(std::uint64_t size) { return format_bytes(static_cast<std::int64_t>(size)); }

/// The last end record whose comment ends with the file.
std::optional<std::size_t> find_end(std::string_view bytes) {
  if (bytes.size() < kEndSize) return std::nullopt;
  const std::size_t last = bytes.size() - kEndSize;
  const std::size_t first = last > kMaxCommentSize ? last - kMaxCommentSize : 0;
  for (std::size_t at = last + 1; at-- > first;)
    if (bytes.substr(at, 4) == "PK\5\6" && at + kEndSize + number16(bytes, at + 20) == bytes.size()) return at;
  return std::nullopt;
}

/// Bytes [begin, end) of the archive belong to something.
struct Range {
  std::size_t begin = 0, end = 0;
};

/// Where an entry lies, its local header included; a failure when it does not lie within the archive.
Result<Range> locate(std::string_view bytes, std::size_t local, ZipEntry& entry, std::size_t directory) {
  const Failure outside{cat("the entry ", quote(entry.name), " does not lie within the archive")};
  if (local + kLocalSize > directory || bytes.substr(local, 4) != "PK\3\4") return outside;
  const std::size_t name_size = number16(bytes, local + 26);
  entry.data_begin = local + kLocalSize + name_size + number16(bytes, local + 28);
  if (entry.data_begin > directory || entry.packed_size > directory - entry.data_begin) return outside;
  if (bytes.substr(local + kLocalSize, name_size) != entry.name)
    return Failure{cat("the entry ", quote(entry.name), " has another name at its data")};
  return Range{local, entry.data_begin + entry.packed_size};
}

/// One central header, read at `at`, which moves behind it.
Result<Range> read_central(std::string_view bytes, std::size_t& at, std::size_t end, ZipEntry& entry,
                           std::size_t directory) {
  if (end - at < kCentralSize || bytes.substr(at, 4) != "PK\1\2")
    return Failure{cat("the directory of the archive is damaged at byte ", at)};
  const std::size_t name_size = number16(bytes, at + 28);
  const std::size_t size = kCentralSize + name_size + number16(bytes, at + 30) + number16(bytes, at + 32);
  if (size > end - at) return Failure{cat("the directory of the archive is damaged at byte ", at)};
  entry.is_encrypted = (number16(bytes, at + 8) & 1u) != 0;
  entry.method = number16(bytes, at + 10);
  entry.crc = number32(bytes, at + 16);
  entry.packed_size = number32(bytes, at + 20);
  entry.size = number32(bytes, at + 24);
  const std::uint32_t local = number32(bytes, at + 42);
  entry.name = bytes.substr(at + kCentralSize, name_size);
  at += size;
  if (entry.packed_size == 0xFFFFFFFF || entry.size == 0xFFFFFFFF || local == 0xFFFFFFFF)
    return Failure{"the archive is ZIP64, which is not read"};
  return locate(bytes, local, entry, directory);
}

/// Unpacks into `out`, which has the size that the entry states.
bool inflate_into(std::string_view packed, std::string& out) {
  z_stream stream{};
  if (::inflateInit2(&stream, -MAX_WBITS) != Z_OK) return false;
  // zlib takes the input by pointer to non-const and does not write to it.
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(packed.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const int result = ::inflate(&stream, Z_FINISH);
  const bool is_whole = result == Z_STREAM_END && stream.avail_out == 0;
  ::inflateEnd(&stream);
  return is_whole;
}

}  // namespace

Result<ZipReader> ZipReader::open(std::string_view bytes, const ZipLimits& limits) {
  const auto end = find_end(bytes);
  if (!end) return Failure{"not a ZIP archive: it has no end record"};
  const std::size_t count = number16(bytes, *end + 10);
  const std::size_t directory_size = number32(bytes, *end + 12);
  const std::size_t directory = number32(bytes, *end + 16);
  if (count == 0xFFFF || directory == 0xFFFFFFFF) return Failure{"the archive is ZIP64, which is not read"};
  if (number16(bytes, *end + 4) != 0 || number16(bytes, *end + 8) != count)
    return Failure{"the archive is one of several parts, which are not read"};
  if (directory > *end || directory_size > *end - directory)
    return Failure{"the directory of the archive does not lie within it"};
  if (count > limits.max_entries)
    return Failure{cat("the archive has ", count, " entries; at most ", limits.max_entries, " are read")};

  ZipReader reader;
  reader.bytes_ = bytes;
  reader.limits_ = limits;
  std::vector<Range> ranges;
  std::uint64_t total = 0;
  std::size_t at = directory;
  for (std::size_t i = 0; i < count; ++i) {
    ZipEntry entry;
    auto range = read_central(bytes, at, directory + directory_size, entry, directory);
    if (!range) return range.error();
    ranges.push_back(*range);
    total += entry.size;
    reader.entries_.push_back(std::move(entry));
  }
  if (total > limits.max_total_bytes)
    return Failure{cat("the archive unpacks to ", shown_size(total), "; at most ", shown_size(limits.max_total_bytes),
                       " are read")};
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) { return a.begin < b.begin; });
  for (std::size_t i = 1; i < ranges.size(); ++i)
    if (ranges[i].begin < ranges[i - 1].end) return Failure{"entries of the archive overlap"};
  auto& entries = reader.entries_;
  std::sort(entries.begin(), entries.end(), [](const ZipEntry& a, const ZipEntry& b) { return a.name < b.name; });
  for (std::size_t i = 1; i < entries.size(); ++i)
    if (entries[i].name == entries[i - 1].name)
      return Failure{cat("the archive has two entries named ", quote(entries[i].name))};
  return reader;
}

const ZipEntry* ZipReader::find(std::string_view name) const noexcept {
  const auto place =
      std::lower_bound(entries_.begin(), entries_.end(), name,
                       [](const ZipEntry& entry, std::string_view wanted) { return entry.name < wanted; });
  return place != entries_.end() && place->name == name ? &*place : nullptr;
}

Result<std::string> ZipReader::read(const ZipEntry& entry) const {
  const std::string name = quote(entry.name);
  if (entry.is_encrypted) return Failure{cat("the entry ", name, " is encrypted")};
  if (entry.method != 0 && entry.method != 8)
    return Failure{
        cat("the entry ", name, " is packed by method ", entry.method, "; stored and deflated ones are read")};
  if (entry.size > limits_.max_entry_bytes)
    return Failure{cat("the entry ", name, " unpacks to ", shown_size(entry.size), "; at most ",
                       shown_size(limits_.max_entry_bytes), " are read")};
  const std::uint64_t packed = std::max<std::uint64_t>(entry.packed_size, 1);
  if (entry.size > limits_.free_bytes && entry.size / packed > limits_.max_ratio)
    return Failure{cat("the entry ", name, " unpacks to ", entry.size / packed, " times its size; at most ",
                       limits_.max_ratio, " times are read")};
  const std::string_view data = bytes_.substr(entry.data_begin, entry.packed_size);
  std::string out;
  if (entry.method == 0) {
    out = data;
  } else {
    out.resize(entry.size);
    if (!inflate_into(data, out))
      return Failure{cat("the entry ", name, " is damaged, or not of the size that it states")};
  }
  const uLong crc = ::crc32(0, reinterpret_cast<const Bytef*>(out.data()), static_cast<uInt>(out.size()));
  if (out.size() != entry.size || crc != entry.crc) return Failure{cat("the entry ", name, " is damaged")};
  return out;
}

}  // namespace forgelm::formats
