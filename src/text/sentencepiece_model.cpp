// See sentencepiece_model.hpp.
#include "sentencepiece_model.hpp"

#include <array>
#include <exception>
#include <stdexcept>

#include "forgelm/core/error.hpp"
#include "forgelm/core/plugin.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/text/sentencepiece_entry.hpp"
#include "protobuf_reader.hpp"
#include "sentencepiece_bpe.hpp"
#include "sentencepiece_normalization.hpp"
#include "sentencepiece_unigram.hpp"

namespace forgelm::text {

namespace {

[[noreturn]] void fail_inside(const std::string& what) {
  throw RunError(RunErrorKind::internal, cat("the sentencepiece library ", what));
}

/// Of a piece in the library's SentencePieceText: id (2), begin (4), end (5).
Piece read_piece(const ProtobufField& message) {
  Piece piece;
  ProtobufReader reader(message.as_bytes(), message.bytes_offset);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 2) piece.id = static_cast<TokenId>(field.as_varint());
    else if (field.number == 4) piece.begin = static_cast<std::uint32_t>(field.as_varint());
    else if (field.number == 5) piece.end = static_cast<std::uint32_t>(field.as_varint());
  }
  return piece;
}

const SentencePieceLibraryEntry& entry() {
  static const auto opened = open_plugin(
      {"libforgelm_sentencepiece.so", kSentencePieceEntrySymbol, "the part that reads SentencePiece models", true});
  if (!opened) throw RunError(RunErrorKind::io, opened.error().message, opened.error().hint);
  return *static_cast<const SentencePieceLibraryEntry*>(*opened);
}

std::unique_ptr<SentencePieceLibrary> load(const std::string& bytes, const std::string& file) {
  std::string problem;
  auto library = entry().load(bytes, problem);
  if (library == nullptr) throw ConfigError(cat(file, ": sentencepiece refuses the model: ", problem));
  return library;
}

/// SentencePieceText: text (1), pieces (2).
void encode_by_library(const SentencePieceLibrary& library, std::string_view text, std::size_t num_ids,
                       std::vector<Piece>& out) {
  try {
    const std::string encoded = library.encode(text);
    std::size_t text_size = 0;
    ProtobufReader reader(encoded);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 1) text_size = field.as_bytes().size();  // set last by the library: it came to the end
      if (field.number != 2) continue;
      const Piece piece = read_piece(field);
      const bool is_sound = piece.id >= 0 && static_cast<std::size_t>(piece.id) < num_ids && piece.begin <= piece.end &&
                            piece.end <= text.size();
      if (!is_sound) fail_inside("gave a piece outside the text or the vocabulary");
      out.push_back(piece);
    }
    if (text_size != text.size()) fail_inside("could not encode a text");
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_inside(cat("failed to encode a text: ", error.what()));
  }
}

void require_size(std::string_view text) {
  if (text.size() <= SentencePieceModel::kMaxTextBytes) return;
  throw RunError(RunErrorKind::data, cat("a text of ", text.size(), " bytes; a SentencePiece model takes at most ",
                                         SentencePieceModel::kMaxTextBytes, " at once"));
}

/// Work memory above this is given back after a text that needed it.
constexpr std::size_t kMaxKept = std::size_t{1} << 20;

}  // namespace

struct SentencePieceModel::Parts {
  std::unique_ptr<SentencePieceLibrary> library;
  UserDefinedPieces user_defined;
  SentencePieceNormalization normalization;
  std::optional<SentencePieceUnigram> unigram;
  std::optional<SentencePieceBpe> bpe;  ///< neither: the library encodes
  TokenId unk_id = 0;
  bool byte_fallback = false;
  std::array<TokenId, 256> byte_ids{};

  explicit Parts(const SentencePieceFile& model) : user_defined(model), normalization(model) {}
};

struct SentencePieceModel::Scratch final : ModelScratch {
  NormalizedText normalized;
  std::vector<Piece> pieces;  ///< of the normalised text
  std::vector<SentencePieceUnigram::Arrival> arrivals;
  std::unique_ptr<ModelScratch> bpe;
};

SentencePieceModel::SentencePieceModel(const SentencePieceFile& model, const std::string& file) {
  // Reserved pieces last, as they win over usual ones of the same text.
  for (const bool wants_reserved : {false, true}) {
    for (std::size_t i = 0; i < model.pieces.size(); ++i) {
      const SentencePieceType type = model.pieces[i].type;
      const bool is_reserved =
          type == SentencePieceType::unknown || type == SentencePieceType::control || type == SentencePieceType::byte;
      if (is_reserved == wants_reserved) vocabulary_.add(model.pieces[i].piece, static_cast<TokenId>(i));
    }
  }
  try {
    auto parts = std::make_unique<Parts>(model);
    parts->library = load(model.canonical_bytes(), file);
    bool has_unused = false;
    for (std::size_t i = 0; i < model.pieces.size(); ++i) {
      has_unused |= model.pieces[i].type == SentencePieceType::unused;
      if (model.pieces[i].type == SentencePieceType::unknown) parts->unk_id = static_cast<TokenId>(i);
    }
    parts->byte_fallback = model.byte_fallback;
    parts->byte_ids = find_byte_tokens(vocabulary_);
    if (model.model_type == SentencePieceFile::ModelType::unigram) parts->unigram.emplace(model);
    if (model.model_type == SentencePieceFile::ModelType::bpe && !has_unused) parts->bpe.emplace(model);
    parts_ = std::move(parts);
  } catch (const std::length_error& error) {
    throw ConfigError(cat(file, ": ", error.what()));
  }
}

SentencePieceModel::~SentencePieceModel() = default;

std::unique_ptr<ModelScratch> SentencePieceModel::new_scratch() const {
  auto scratch = std::make_unique<Scratch>();
  if (parts_->bpe) scratch->bpe = parts_->bpe->new_scratch();
  return scratch;
}

/// As the library fills its result: the bytes of an unknown character stand before it but for the last, which has all
/// of it; without byte pieces neighbouring unknown characters are one piece.
void SentencePieceModel::append_pieces(const Scratch& scratch, std::vector<Piece>& out) const {
  const NormalizedText& normalized = scratch.normalized;
  bool follows_unknown = false;
  for (const Piece& piece : scratch.pieces) {
    const std::uint32_t begin = normalized.origin[piece.begin];
    const std::uint32_t end = normalized.origin[piece.end];
    const bool is_unknown = piece.id == parts_->unk_id;
    if (is_unknown && parts_->byte_fallback) {
      for (std::uint32_t i = piece.begin; i < piece.end; ++i) {
        const TokenId id = parts_->byte_ids[static_cast<unsigned char>(normalized.text[i])];
        out.push_back({id, begin, i + 1 == piece.end ? end : begin});
      }
    } else if (is_unknown && follows_unknown) {
      out.back().end = end;
    } else {
      out.push_back({piece.id, begin, end});
    }
    follows_unknown = is_unknown;
  }
}

void SentencePieceModel::tokenize_by_library(std::string_view text, std::vector<Piece>& out) const {
  require_size(text);
  encode_by_library(*parts_->library, text, num_ids(), out);
}

void SentencePieceModel::tokenize(std::string_view text, ModelScratch& scratch, std::vector<Piece>& out) const {
  if (!parts_->unigram && !parts_->bpe) return tokenize_by_library(text, out);
  require_size(text);
  auto& work = static_cast<Scratch&>(scratch);
  parts_->normalization.apply(text, parts_->user_defined, work.normalized);
  work.pieces.clear();
  if (parts_->unigram) parts_->unigram->split(work.normalized.text, work.arrivals, work.pieces);
  else parts_->bpe->split(work.normalized.text, parts_->user_defined, *work.bpe, work.pieces);
  append_pieces(work, out);
  if (work.normalized.text.capacity() > kMaxKept) {
    work.normalized = {};
    work.pieces = {};
    work.arrivals = {};
  }
}

std::string SentencePieceModel::decode(std::span<const TokenId> ids) const {
  std::string text;
  try {
    text = parts_->library->decode(ids);
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_inside(cat("failed to decode: ", error.what()));
  }
  return is_valid_utf8(text) ? text : to_valid_utf8(text);
}

}  // namespace forgelm::text
