// See protobuf_reader.hpp.
#include "protobuf_reader.hpp"

#include <bit>

#include "forgelm/core/text.hpp"

namespace forgelm::text {

ProtobufError::~ProtobufError() = default;

void ProtobufField::expect(Type wanted) const {
  if (type == wanted) return;
  throw ProtobufError(offset, cat("field ", number, " has wire type ", static_cast<int>(type), ", expected ",
                                  static_cast<int>(wanted)));
}

std::uint64_t ProtobufField::as_varint() const {
  expect(Type::varint);
  return value;
}

float ProtobufField::as_float() const {
  expect(Type::fixed32);
  return std::bit_cast<float>(static_cast<std::uint32_t>(value));
}

std::string_view ProtobufField::as_bytes() const {
  expect(Type::bytes);
  return bytes;
}

void ProtobufReader::fail(const std::string& problem) const { throw ProtobufError(base_ + at_, problem); }

std::uint64_t ProtobufReader::read_varint() {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 70; shift += 7) {
    if (at_ == message_.size()) fail("a number is cut off");
    const auto byte = static_cast<unsigned char>(message_[at_++]);
    if (shift == 63 && byte > 1) break;
    value |= std::uint64_t{byte & 0x7fu} << shift;
    if (byte < 0x80) return value;
  }
  fail("a number has more than 64 bits");
}

std::uint64_t ProtobufReader::read_fixed(std::size_t num_bytes) {
  if (message_.size() - at_ < num_bytes) fail(cat("a number of ", num_bytes, " bytes is cut off"));
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < num_bytes; ++i) {
    value |= std::uint64_t{static_cast<unsigned char>(message_[at_ + i])} << (8 * i);
  }
  at_ += num_bytes;
  return value;
}

bool ProtobufReader::next(ProtobufField& field) {
  if (at_ == message_.size()) return false;
  field.offset = base_ + at_;
  const std::uint64_t key = read_varint();
  if (key >> 3 == 0 || key >> 3 > 0x1fffffff) fail(cat("field number ", key >> 3, " is not one"));
  field.number = static_cast<std::uint32_t>(key >> 3);
  switch (key & 7) {
    case 0: field.value = read_varint(); break;
    case 1: field.value = read_fixed(8); break;
    case 5: field.value = read_fixed(4); break;
    case 2: {
      const std::uint64_t size = read_varint();
      if (size > message_.size() - at_) {
        fail(cat("field ", field.number, " claims ", size, " bytes, but ", message_.size() - at_, " remain"));
      }
      field.bytes = message_.substr(at_, static_cast<std::size_t>(size));
      field.bytes_offset = base_ + at_;
      at_ += static_cast<std::size_t>(size);
      break;
    }
    default: fail(cat("wire type ", key & 7, " is not supported"));
  }
  field.type = static_cast<ProtobufField::Type>(key & 7);
  return true;
}

}  // namespace forgelm::text
