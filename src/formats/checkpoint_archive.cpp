// Layout: 512-byte ustar headers, each followed by its file's bytes padded with zeros to 512; two blocks of zeros at
// the end. A name or size that does not fit the header stands in a pax record before it (a file of its own, type 'x').
#include "checkpoint_archive.hpp"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats::checkpoint {
namespace {

constexpr std::size_t kBlockBytes = 512;
constexpr std::uint64_t kMaxUstarBytes = std::uint64_t{1} << 33;  // 11 octal digits
constexpr int kWithGzipHeader = 15 + 16;                          // window bits, in zlib's way of saying gzip

/// "LENGTH KEY=VALUE\n", where LENGTH counts itself.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::size_t rest = key.size() + value.size() + 3;
  std::size_t length = rest + 1;
  while (std::to_string(length).size() + rest != length) ++length;
  return cat(length, " ", key, "=", value, "\n");
}

struct Header {
  std::array<char, kBlockBytes> bytes{};

  void put(std::size_t offset, std::string_view text) { std::copy(text.begin(), text.end(), bytes.begin() + offset); }
  /// `width` octal digits and a null character.
  void put_octal(std::size_t offset, std::size_t width, std::uint64_t value) {
    for (std::size_t i = width; i-- > 0; value >>= 3) bytes[offset + i] = static_cast<char>('0' + (value & 7));
  }
};

}  // namespace

struct TarGzWriter::Deflate {
  z_stream stream{};
  std::array<char, 1 << 16> out{};

  Deflate() {
    // The fastest level: weights hardly shrink at any.
    if (::deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kWithGzipHeader, 8, Z_DEFAULT_STRATEGY) != Z_OK)
      throw RunError(RunErrorKind::out_of_memory, "there is no memory to compress with");
  }
  Deflate(const Deflate&) = delete;
  Deflate& operator=(const Deflate&) = delete;
  ~Deflate() { ::deflateEnd(&stream); }
};

TarGzWriter::TarGzWriter(const std::filesystem::path& path) : file_(path), deflate_(std::make_unique<Deflate>()) {}
TarGzWriter::~TarGzWriter() = default;

void TarGzWriter::compress(std::string_view bytes, bool is_last) {
  z_stream& stream = deflate_->stream;
  do {
    const std::size_t size = std::min<std::size_t>(bytes.size(), std::numeric_limits<uInt>::max());
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // zlib reads it only
    stream.avail_in = static_cast<uInt>(size);
    bytes.remove_prefix(size);
    do {
      stream.next_out = reinterpret_cast<Bytef*>(deflate_->out.data());
      stream.avail_out = static_cast<uInt>(deflate_->out.size());
      ::deflate(&stream, is_last && bytes.empty() ? Z_FINISH : Z_NO_FLUSH);  // cannot fail with a sound stream
      const std::string_view made(deflate_->out.data(), deflate_->out.size() - stream.avail_out);
      digest_.update(made);
      file_.write(made);
    } while (stream.avail_out == 0);
  } while (!bytes.empty());
}

void TarGzWriter::add_header(const std::string& name, std::uint64_t size_bytes, char type) {
  Header header;
  header.put(0, std::string_view(name).substr(0, 100));
  header.put_octal(100, 7, 0644);
  header.put_octal(108, 7, 0);  // owner
  header.put_octal(116, 7, 0);
  header.put_octal(124, 11, std::min(size_bytes, kMaxUstarBytes - 1));
  header.put_octal(136, 11, 0);  // time
  header.put(148, "        ");   // the checksum counts itself as spaces
  header.bytes[156] = type;
  header.put(257, std::string_view("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const char byte : header.bytes) sum += static_cast<unsigned char>(byte);
  header.put_octal(148, 6, sum);
  header.bytes[154] = '\0';
  compress({header.bytes.data(), header.bytes.size()}, false);
}

void TarGzWriter::pad() {
  static constexpr std::array<char, kBlockBytes> kZeros{};
  if (const std::size_t rest = num_in_file_ % kBlockBytes; rest != 0)
    compress({kZeros.data(), kBlockBytes - rest}, false);
  num_in_file_ = 0;
}

void TarGzWriter::begin_file(const std::string& name, std::uint64_t size_bytes) {
  if (num_left_ != 0)
    throw RunError(RunErrorKind::internal, cat("a file before ", name, " in an archive is not whole"));
  pad();
  std::string records;
  if (name.size() > 100) records += pax_record("path", name);
  if (size_bytes >= kMaxUstarBytes) records += pax_record("size", std::to_string(size_bytes));
  if (!records.empty()) {
    add_header("././@PaxHeader", records.size(), 'x');
    num_left_ = records.size();
    write(records);
    pad();
  }
  add_header(name, size_bytes, '0');
  num_left_ = size_bytes;
}

void TarGzWriter::write(std::string_view bytes) {
  if (bytes.size() > num_left_) throw RunError(RunErrorKind::internal, "more bytes for an archive than announced");
  compress(bytes, false);
  num_left_ -= bytes.size();
  num_in_file_ += bytes.size();
}

std::string TarGzWriter::finish() {
  if (num_left_ != 0) throw RunError(RunErrorKind::internal, "the last file of an archive is not whole");
  pad();
  compress(std::string(2 * kBlockBytes, '\0'), true);
  file_.commit();
  return digest_.finish_hex();
}

}  // namespace forgelm::formats::checkpoint
