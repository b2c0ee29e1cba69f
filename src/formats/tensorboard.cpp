// Layout of a record: u64 length, u32 masked CRC of those 8 bytes, the bytes, u32 masked CRC of them; all
// little-endian. The mask is TensorFlow's: rotate right by 15, add 0xa282ead8. Fields of the messages by number
// (tensorflow's event.proto, summary.proto, tensor.proto): Event wall_time 1, step 2, file_version 3, summary 5,
// session_log 7, source_metadata 10; Summary value 1; Value tag 1, simple_value 2, tensor 8, metadata 9.
#include "forgelm/formats/tensorboard.hpp"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstring>

#include "forgelm/core/env.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "tensorboard_record.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::uint32_t kPolynomial = 0x82F63B78;  // Castagnoli's, bits reversed
constexpr std::size_t kMaxPending = std::size_t{1} << 16;

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? kPolynomial : 0);
    table[byte] = crc;
  }
  return table;
}();

std::uint32_t masked(std::uint32_t crc) { return std::rotr(crc, 15) + 0xa282ead8; }

template <class Number>
void append_little_endian(std::string& out, Number value) {
  for (std::size_t i = 0; i < sizeof value; ++i) out += static_cast<char>((value >> (8 * i)) & 0xFF);
}

// ---- protocol buffers: the four kinds of field that are needed --------------------------------------------------

enum WireType : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>(value | 0x80);
  out += static_cast<char>(value);
}

void append_tag(std::string& out, std::uint32_t field, WireType type) { append_varint(out, field << 3 | type); }

void append_bytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  append_tag(out, field, kBytes);
  append_varint(out, bytes.size());
  out += bytes;
}

void append_int(std::string& out, std::uint32_t field, std::int64_t value) {
  append_tag(out, field, kVarint);
  append_varint(out, static_cast<std::uint64_t>(value));
}

void append_double(std::string& out, std::uint32_t field, double value) {
  append_tag(out, field, kFixed64);
  append_little_endian(out, std::bit_cast<std::uint64_t>(value));
}

void append_float(std::string& out, std::uint32_t field, float value) {
  append_tag(out, field, kFixed32);
  append_little_endian(out, std::bit_cast<std::uint32_t>(value));
}

/// wall_time, and a step other than 0, as the protocol leaves defaults out.
std::string event(double wall_time, std::int64_t step) {
  std::string out;
  append_double(out, 1, wall_time);
  if (step != 0) append_int(out, 2, step);
  return out;
}

std::string with_value(std::string out, const std::string& value) {
  std::string summary;
  append_bytes(summary, 1, value);
  append_bytes(out, 5, summary);
  return out;
}

double seconds_of(UtcTime time) { return static_cast<double>(time.microseconds) / 1e6; }

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const char c : bytes) crc = kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF] ^ (crc >> 8);
  return ~crc;
}

std::string to_record(std::string_view bytes) {
  std::string out;
  append_little_endian(out, std::uint64_t{bytes.size()});
  append_little_endian(out, masked(crc32c(out)));
  out += bytes;
  append_little_endian(out, masked(crc32c(bytes)));
  return out;
}

std::string version_event(double wall_time) {
  std::string out = event(wall_time, 0);
  append_bytes(out, 3, "brain.Event:2");
  return out;
}

std::string scalar_event(double wall_time, std::string_view tag, double value, std::int64_t step) {
  std::string encoded;
  append_bytes(encoded, 1, tag);
  append_float(encoded, 2, static_cast<float>(value));
  return with_value(event(wall_time, step), encoded);
}

std::string text_event(double wall_time, std::string_view tag, std::string_view text, std::int64_t step) {
  constexpr std::int64_t kString = 7;  // DT_STRING
  std::string dimension, shape, tensor;
  append_int(dimension, 1, 1);                   // TensorShapeProto.Dim.size
  append_bytes(shape, 2, dimension);             // TensorShapeProto.dim
  append_int(tensor, 1, kString);                // TensorProto.dtype
  append_bytes(tensor, 2, shape);                // .tensor_shape
  append_bytes(tensor, 8, to_valid_utf8(text));  // .string_val
  std::string plugin, metadata, encoded;
  append_bytes(plugin, 1, "text");    // PluginData.plugin_name
  append_bytes(metadata, 1, plugin);  // SummaryMetadata.plugin_data
  append_bytes(encoded, 1, tag);
  append_bytes(encoded, 8, tensor);
  append_bytes(encoded, 9, metadata);
  return with_value(event(wall_time, step), encoded);
}

std::string restart_event(double wall_time, std::int64_t step) {
  std::string out = event(wall_time, step), session;
  append_int(session, 1, 1);  // SessionLog.status: START
  append_bytes(out, 7, session);
  return out;
}

struct EventWriter::Impl {
  static fs::path new_path(const fs::path& folder) {
    static std::atomic<int> number{0};
    const std::int64_t seconds = environment().utc_now().microseconds / 1'000'000;
    for (;;) {
      fs::path path =
          folder / cat("events.out.tfevents.", seconds, ".", environment().host_name(), ".", ::getpid(), ".", number++);
      if (!fs::exists(path)) return path;
    }
  }

  explicit Impl(const fs::path& folder) : file(new_path(folder)) {
    add(version_event(now()));
    flush();
  }

  static double now() { return seconds_of(environment().utc_now()); }

  void add(const std::string& bytes) {
    pending += to_record(bytes);
    if (pending.size() > kMaxPending) flush();
  }

  void flush() {
    if (pending.empty()) return;
    file.write(pending);
    pending.clear();
  }

  AppendFile file;
  std::string pending;
};

EventWriter::EventWriter(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw os_error("create the folder", folder.native(), error.value());
  impl_ = std::make_unique<Impl>(folder);
}
EventWriter::EventWriter(EventWriter&&) noexcept = default;
EventWriter& EventWriter::operator=(EventWriter&&) noexcept = default;
EventWriter::~EventWriter() {
  if (!impl_) return;
  try {
    flush();
  } catch (...) {  // who wants to know calls flush()
  }
}

void EventWriter::add_scalar(std::string_view tag, double value, std::int64_t step) {
  impl_->add(scalar_event(Impl::now(), tag, value, step));
}

void EventWriter::add_text(std::string_view tag, std::string_view text, std::int64_t step) {
  impl_->add(text_event(Impl::now(), tag, text, step));
}

void EventWriter::add_restart(std::int64_t step) { impl_->add(restart_event(Impl::now(), step)); }

void EventWriter::flush() { impl_->flush(); }

const fs::path& EventWriter::path() const noexcept { return impl_->file.path(); }

}  // namespace forgelm::formats
