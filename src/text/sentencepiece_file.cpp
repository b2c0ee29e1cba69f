// See sentencepiece_file.hpp.
#include "sentencepiece_file.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <unordered_map>

#include "charsmap.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "protobuf_reader.hpp"
#include "trie.hpp"
#include "unigram_model.hpp"
#include "vocabulary.hpp"

namespace forgelm::text {

namespace {

/// Bounds what the library's own trie costs.
constexpr std::size_t kMaxPiecesBytes = std::size_t{16} << 20;
/// The library keeps this many matches on its stack and counts on.
constexpr int kMaxNestedUserDefined = 64;

class FileReader {
 public:
  FileReader(std::string_view bytes, const std::string& file) : bytes_(bytes), file_(file) {}

  SentencePieceFile read() {
    if (bytes_.size() > kMaxSentencePieceFileBytes) {
      fail(cat(bytes_.size(), " bytes; at most ", kMaxSentencePieceFileBytes, " are read"));
    }
    try {
      read_model();
    } catch (const ProtobufError& error) {
      fail(cat("byte ", error.offset(), ": ", error.what()), "is this a SentencePiece model?");
    }
    check_pieces();
    check_user_defined();
    check_charsmap("normalizer_spec", model_.normalizer);
    if (model_.denormalizer) check_charsmap("denormalizer_spec", *model_.denormalizer);
    return std::move(model_);
  }

 private:
  [[noreturn]] void fail(const std::string& problem, std::string hint = {}) const {
    throw ConfigError(cat(file_, ": ", problem), std::move(hint));
  }
  void read_model();
  void read_piece(const ProtobufField& message);
  void read_trainer(const ProtobufField& message);
  void read_normalizer(const ProtobufField& message, SentencePieceNormalizer& normalizer);
  std::string_view read_text(const ProtobufField& field) const;
  void check_pieces() const;
  void check_user_defined() const;
  void check_charsmap(const char* place, const SentencePieceNormalizer& normalizer) const;

  std::string_view bytes_;
  const std::string& file_;
  SentencePieceFile model_;
};

void FileReader::read_model() {
  ProtobufReader reader(bytes_);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number) {
      case 1: read_piece(field); break;
      case 2: read_trainer(field); break;
      case 3: read_normalizer(field, model_.normalizer); break;
      case 5:
        if (!model_.denormalizer) model_.denormalizer.emplace();
        read_normalizer(field, *model_.denormalizer);
        break;
      default: break;  // self tests and extensions: not needed to encode
    }
  }
}

std::string_view FileReader::read_text(const ProtobufField& field) const {
  const std::string_view text = field.as_bytes();
  if (!is_valid_utf8(text)) throw ProtobufError(field.offset, "a text is not UTF-8");
  if (text.find('\0') != std::string_view::npos) throw ProtobufError(field.offset, "a text has a NUL in it");
  return text;
}

void FileReader::read_piece(const ProtobufField& message) {
  if (model_.pieces.size() == kMaxTokens) fail(cat("more than ", kMaxTokens, " pieces"));
  SentencePieceEntry entry;
  ProtobufReader reader(message.as_bytes(), message.bytes_offset);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 1) {
      entry.piece = read_text(field);
    } else if (field.number == 2) {
      entry.score = field.as_float();
    } else if (field.number == 3) {
      const std::uint64_t type = field.as_varint();
      if (type < 1 || type > 6) throw ProtobufError(field.offset, cat("piece type ", type, " is not known"));
      entry.type = static_cast<SentencePieceType>(type);
    }
  }
  const auto place = [&] { return cat("piece ", model_.pieces.size(), " ", quote(entry.piece, 40)); };
  if (entry.piece.empty()) fail(cat(place(), " is empty"));
  if (entry.piece.size() > kMaxPieceBytes) {
    fail(cat(place(), " has ", entry.piece.size(), " bytes; at most ", kMaxPieceBytes, " are read"));
  }
  if (!std::isfinite(entry.score)) fail(cat(place(), " has the score ", double{entry.score}));
  model_.pieces.push_back(entry);
}

void FileReader::read_trainer(const ProtobufField& message) {
  ProtobufReader reader(message.as_bytes(), message.bytes_offset);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number) {
      case 3: {
        const std::uint64_t type = field.as_varint();
        if (type < 1 || type > 4) throw ProtobufError(field.offset, cat("model_type ", type, " is not known"));
        model_.model_type = static_cast<SentencePieceFile::ModelType>(type);
        break;
      }
      case 24: model_.treat_whitespace_as_suffix = field.as_boolean(); break;
      case 26: model_.allow_whitespace_only_pieces = field.as_boolean(); break;
      case 35: model_.byte_fallback = field.as_boolean(); break;
      case 44: model_.unk_surface = read_text(field); break;
      case 45: model_.unk_piece = read_text(field); break;
      case 46: model_.bos_piece = read_text(field); break;
      case 47: model_.eos_piece = read_text(field); break;
      case 48: model_.pad_piece = read_text(field); break;
      default: break;  // how it was trained
    }
  }
}

void FileReader::read_normalizer(const ProtobufField& message, SentencePieceNormalizer& normalizer) {
  ProtobufReader reader(message.as_bytes(), message.bytes_offset);
  for (ProtobufField field; reader.next(field);) {
    switch (field.number) {
      case 2: normalizer.charsmap = field.as_bytes(); break;
      case 3: normalizer.add_dummy_prefix = field.as_boolean(); break;
      case 4: normalizer.remove_extra_whitespaces = field.as_boolean(); break;
      case 5: normalizer.escape_whitespaces = field.as_boolean(); break;
      default: break;  // name and the rules it was made from
    }
  }
}

/// The value of "<0x41>" and its like, or -1.
int byte_of_piece(std::string_view piece) {
  if (piece.size() != 6 || !piece.starts_with("<0x") || piece[5] != '>') return -1;
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
  };
  const int high = digit(piece[3]);
  const int low = digit(piece[4]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void FileReader::check_pieces() const {
  Vocabulary usual;
  Vocabulary reserved;  // unknown, control and byte pieces may repeat the text of a usual piece
  std::size_t num_bytes = 0;
  bool has_unknown = false;
  std::vector<bool> has_byte(256, false);
  for (std::size_t i = 0; i < model_.pieces.size(); ++i) {
    const SentencePieceEntry& entry = model_.pieces[i];
    const auto place = [&] { return cat("piece ", i, " ", quote(entry.piece, 40)); };
    const bool is_reserved = entry.type == SentencePieceType::unknown || entry.type == SentencePieceType::control ||
                             entry.type == SentencePieceType::byte;
    Vocabulary& vocabulary = is_reserved ? reserved : usual;
    if (const auto id = vocabulary.find(entry.piece)) fail(cat(place(), " was piece ", *id, " already"));
    vocabulary.add(entry.piece, static_cast<TokenId>(i));
    num_bytes += entry.piece.size();
    if (entry.type == SentencePieceType::unknown) {
      if (has_unknown) fail(cat(place(), " is a second unknown piece"));
      has_unknown = true;
    }
    if (entry.type == SentencePieceType::byte) {
      if (!model_.byte_fallback) fail(cat(place(), " stands for a byte, but byte_fallback is off"));
      const int byte = byte_of_piece(entry.piece);
      if (byte < 0) fail(cat(place(), " stands for a byte, so it must read as \"<0x41>\" does"));
      has_byte[static_cast<std::size_t>(byte)] = true;
    }
  }
  if (!has_unknown) fail("no piece is of the type unknown", "sentencepiece cannot use such a model");
  if (usual.size() == 0) fail("no usual pieces");
  if (num_bytes > kMaxPiecesBytes) fail(cat("pieces of ", num_bytes, " bytes; at most ", kMaxPiecesBytes, " are read"));
  if (model_.byte_fallback && std::count(has_byte.begin(), has_byte.end(), true) != 256) {
    fail("byte_fallback is on, but not all 256 byte pieces are there");
  }
}

void FileReader::check_user_defined() const {
  std::vector<Trie::Key> keys;
  for (const SentencePieceEntry& entry : model_.pieces) {
    if (entry.type == SentencePieceType::user_defined) keys.emplace_back(entry.piece, 0);
  }
  if (keys.size() <= static_cast<std::size_t>(kMaxNestedUserDefined)) return;
  const Trie trie(keys);
  for (const Trie::Key& key : keys) {
    int num_prefixes = 0;
    std::uint32_t node = 0;
    for (const char byte : key.first) {
      node = trie.step(node, byte);
      num_prefixes += trie.value(node) >= 0 ? 1 : 0;
    }
    if (num_prefixes > kMaxNestedUserDefined) {
      fail(cat("more than ", kMaxNestedUserDefined, " user-defined pieces begin ", quote(key.first, 40)));
    }
  }
}

void FileReader::check_charsmap(const char* place, const SentencePieceNormalizer& normalizer) const {
  if (const auto fault = find_charsmap_fault(normalizer.charsmap)) {
    fail(cat(place, ".precompiled_charsmap is damaged: ", *fault));
  }
}

// ---- Writing ------------------------------------------------------------------------------------------------------

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out += static_cast<char>((value & 0x7f) | 0x80);
  out += static_cast<char>(value);
}

void append_number(std::string& out, std::uint32_t number, std::uint64_t value) {
  append_varint(out, std::uint64_t{number} << 3);
  append_varint(out, value);
}

void append_bytes(std::string& out, std::uint32_t number, std::string_view bytes) {
  append_varint(out, (std::uint64_t{number} << 3) | 2);
  append_varint(out, bytes.size());
  out.append(bytes);
}

std::string bytes_of(const SentencePieceEntry& entry) {
  std::string out;
  append_bytes(out, 1, entry.piece);
  append_varint(out, (2u << 3) | 5);
  const auto bits = std::bit_cast<std::uint32_t>(entry.score);
  for (unsigned shift = 0; shift < 32; shift += 8) out += static_cast<char>((bits >> shift) & 0xff);
  append_number(out, 3, static_cast<std::uint64_t>(entry.type));
  return out;
}

std::string bytes_of(const SentencePieceNormalizer& normalizer) {
  std::string out;
  append_bytes(out, 2, normalizer.charsmap);
  append_number(out, 3, normalizer.add_dummy_prefix);
  append_number(out, 4, normalizer.remove_extra_whitespaces);
  append_number(out, 5, normalizer.escape_whitespaces);
  return out;
}

}  // namespace

std::optional<TokenId> SentencePieceFile::control_id(std::string_view piece) const {
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (pieces[i].type == SentencePieceType::control && pieces[i].piece == piece) return static_cast<TokenId>(i);
  }
  return std::nullopt;
}

std::string SentencePieceFile::canonical_bytes() const {
  std::string out;
  for (const SentencePieceEntry& entry : pieces) append_bytes(out, 1, bytes_of(entry));
  std::string trainer;
  append_number(trainer, 3, static_cast<std::uint64_t>(model_type));
  append_number(trainer, 24, treat_whitespace_as_suffix);
  append_number(trainer, 26, allow_whitespace_only_pieces);
  append_number(trainer, 35, byte_fallback);
  if (unk_surface) append_bytes(trainer, 44, *unk_surface);
  append_bytes(out, 2, trainer);
  append_bytes(out, 3, bytes_of(normalizer));
  if (denormalizer) append_bytes(out, 5, bytes_of(*denormalizer));
  return out;
}

SentencePieceFile read_sentencepiece_file(std::string_view bytes, const std::string& file) {
  return FileReader(bytes, file).read();
}

}  // namespace forgelm::text
