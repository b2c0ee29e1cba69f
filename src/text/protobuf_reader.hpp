// ProtobufReader: the fields of one protobuf message, one after the other, with every length checked against the bytes
// that remain. Format: key varint (number << 3 | wire type), then a varint (0), 8 bytes (1), a length and that many
// bytes (2) or 4 bytes (5), little-endian. Groups (3, 4) are refused: no file of ours has them.
// Invariant: reads nothing outside the bytes given, allocates nothing, and moves on with every field.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace forgelm::text {

/// What is wrong and at which byte, counted from the start of the outermost message.
class ProtobufError : public std::runtime_error {
 public:
  ProtobufError(std::size_t offset, const std::string& problem) : std::runtime_error(problem), offset_(offset) {}
  ~ProtobufError() override;
  std::size_t offset() const noexcept { return offset_; }

 private:
  std::size_t offset_;
};

struct ProtobufField {
  enum class Type : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };
  std::uint32_t number = 0;
  Type type = Type::varint;
  std::uint64_t value = 0;  ///< of a varint or fixed field
  std::string_view bytes;   ///< of a bytes field
  std::size_t offset = 0;   ///< of the field's key
  std::size_t bytes_offset = 0;

  /// The value as what the schema says; ProtobufError when the wire type is another.
  std::uint64_t as_varint() const;
  bool as_boolean() const { return as_varint() != 0; }
  float as_float() const;
  std::string_view as_bytes() const;

 private:
  void expect(Type wanted) const;
};

class ProtobufReader {
 public:
  /// `base`: offset of `message` in the file, for error messages.
  explicit ProtobufReader(std::string_view message, std::size_t base = 0) : message_(message), base_(base) {}

  /// The next field; false at the end. ProtobufError when the bytes are not a message.
  bool next(ProtobufField& field);

 private:
  std::uint64_t read_varint();
  std::uint64_t read_fixed(std::size_t num_bytes);
  [[noreturn]] void fail(const std::string& problem) const;

  std::string_view message_;
  std::size_t base_;
  std::size_t at_ = 0;
};

}  // namespace forgelm::text
