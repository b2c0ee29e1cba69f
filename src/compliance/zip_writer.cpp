#include "zip_writer.hpp"

#include <zlib.h>

#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::uint64_t kMax = std::numeric_limits<std::uint32_t>::max() - 1;
constexpr std::size_t kMaxEntries = 65534;
constexpr std::uint16_t kVersion = 20;  ///< 2.0: deflate
constexpr std::uint16_t kUtf8Names = 1u << 11;
constexpr std::uint16_t kStored = 0, kDeflated = 8;
constexpr std::uint16_t kTime = 0, kDate = (0u << 9) | (1u << 5) | 1u;  ///< 1980-01-01 00:00

void put16(std::string& out, std::uint32_t value) {
  out += static_cast<char>(value & 0xffu);
  out += static_cast<char>((value >> 8) & 0xffu);
}

void put32(std::string& out, std::uint32_t value) {
  put16(out, value & 0xffffu);
  put16(out, value >> 16);
}

std::uint32_t checked(std::uint64_t size, const std::filesystem::path& archive) {
  if (size > kMax)
    throw RunError(RunErrorKind::data, cat("the archive ", quote(archive.native()), " would be larger than 4 GiB"),
                   "pack fewer files");
  return static_cast<std::uint32_t>(size);
}

/// Raw deflate; empty when zlib fails, and then the entry is stored.
std::string deflated(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) return {};
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  const bool is_done = ::deflate(&stream, Z_FINISH) == Z_STREAM_END;
  out.resize(is_done ? stream.total_out : 0);
  deflateEnd(&stream);
  return out;
}

}  // namespace

void ZipWriter::add(std::string_view name, std::string_view bytes) {
  if (entries_.size() >= kMaxEntries || name.size() > 0xffff)
    throw RunError(RunErrorKind::data, cat("the archive ", quote(file_.path().native()), " would hold too many files"));
  Entry entry;
  entry.name = name;
  entry.size = checked(bytes.size(), file_.path());
  entry.offset = checked(file_.size_bytes(), file_.path());
  entry.crc = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<z_size_t>(bytes.size())));
  const std::string packed = deflated(bytes);
  const bool is_smaller = !packed.empty() && packed.size() < bytes.size();
  entry.method = is_smaller ? kDeflated : kStored;
  entry.size_packed = is_smaller ? static_cast<std::uint32_t>(packed.size()) : entry.size;
  std::string header;
  put32(header, 0x04034b50);
  for (const std::uint32_t value : {std::uint32_t{kVersion}, std::uint32_t{kUtf8Names}, std::uint32_t{entry.method},
                                    std::uint32_t{kTime}, std::uint32_t{kDate}})
    put16(header, value);
  for (const std::uint32_t value : {entry.crc, entry.size_packed, entry.size}) put32(header, value);
  put16(header, static_cast<std::uint32_t>(name.size()));
  put16(header, 0);
  file_.write(header);
  file_.write(name);
  file_.write(is_smaller ? std::string_view(packed) : bytes);
  entries_.push_back(std::move(entry));
}

void ZipWriter::commit() {
  const std::uint32_t begin = checked(file_.size_bytes(), file_.path());
  for (const Entry& entry : entries_) {
    std::string record;
    put32(record, 0x02014b50);
    for (const std::uint32_t value : {std::uint32_t{kVersion}, std::uint32_t{kVersion}, std::uint32_t{kUtf8Names},
                                      std::uint32_t{entry.method}, std::uint32_t{kTime}, std::uint32_t{kDate}})
      put16(record, value);
    for (const std::uint32_t value : {entry.crc, entry.size_packed, entry.size}) put32(record, value);
    put16(record, static_cast<std::uint32_t>(entry.name.size()));
    for (int i = 0; i < 4; ++i) put16(record, 0);  // extra field, comment, disk, internal attributes
    put32(record, 0);                              // external attributes
    put32(record, entry.offset);
    file_.write(record);
    file_.write(entry.name);
  }
  const std::uint32_t size = checked(file_.size_bytes() - begin, file_.path());
  checked(file_.size_bytes() + 22, file_.path());
  std::string end;
  put32(end, 0x06054b50);
  put16(end, 0);
  put16(end, 0);
  put16(end, static_cast<std::uint32_t>(entries_.size()));
  put16(end, static_cast<std::uint32_t>(entries_.size()));
  put32(end, size);
  put32(end, begin);
  put16(end, 0);
  file_.write(end);
  file_.commit();
}

}  // namespace forgelm::compliance
