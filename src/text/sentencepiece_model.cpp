// See sentencepiece_model.hpp.
#include "sentencepiece_model.hpp"

#include <sentencepiece_processor.h>

#include <array>
#include <exception>
#include <stdexcept>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "protobuf_reader.hpp"
#include "sentencepiece_unigram.hpp"

namespace forgelm::text {

namespace {

[[noreturn]] void fail_inside(const std::string& what) {
  throw RunError(RunErrorKind::internal, cat("the sentencepiece library ", what));
}

/// One piece of what the library gives back.
struct GivenPiece {
  std::string_view text;
  Piece piece;
};

/// SentencePieceText: text (1), pieces (2); of a piece: piece (1), id (2), begin (4), end (5).
GivenPiece read_piece(const ProtobufField& message) {
  GivenPiece given;
  ProtobufReader reader(message.as_bytes(), message.bytes_offset);
  for (ProtobufField field; reader.next(field);) {
    if (field.number == 1) given.text = field.as_bytes();
    else if (field.number == 2) given.piece.id = static_cast<TokenId>(field.as_varint());
    else if (field.number == 4) given.piece.begin = static_cast<std::uint32_t>(field.as_varint());
    else if (field.number == 5) given.piece.end = static_cast<std::uint32_t>(field.as_varint());
  }
  return given;
}

void load(sentencepiece::SentencePieceProcessor& processor, const std::string& bytes, const std::string& file) {
  std::string problem;
  try {
    const auto status = processor.LoadFromSerializedProto({bytes.data(), bytes.size()});
    if (!status.ok()) problem = status.ToString();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  if (!problem.empty()) throw ConfigError(cat(file, ": sentencepiece refuses the model: ", problem));
}

/// Calls `use(GivenPiece)` for each piece of the text.
template <class Use>
void for_each_piece(const sentencepiece::SentencePieceProcessor& processor, std::string_view text, std::size_t num_ids,
                    Use use) {
  try {
    const std::string encoded = processor.EncodeAsSerializedProto({text.data(), text.size()});
    std::size_t text_size = 0;
    ProtobufReader reader(encoded);
    for (ProtobufField field; reader.next(field);) {
      if (field.number == 1) text_size = field.as_bytes().size();  // set last by the library: it came to the end
      if (field.number != 2) continue;
      const GivenPiece given = read_piece(field);
      const bool is_sound = given.piece.id >= 0 && static_cast<std::size_t>(given.piece.id) < num_ids &&
                            given.piece.begin <= given.piece.end && given.piece.end <= text.size();
      if (!is_sound) fail_inside("gave a piece outside the text or the vocabulary");
      use(given);
    }
    if (text_size != text.size()) fail_inside("could not encode a text");
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_inside(cat("failed to encode a text: ", error.what()));
  }
}

}  // namespace

struct SentencePieceModel::Library {
  sentencepiece::SentencePieceProcessor processor;
  /// Unigram models: the library normalises, we split.
  std::optional<SentencePieceUnigram> unigram;
  sentencepiece::SentencePieceProcessor normalizer;
  std::size_t num_normalizer_ids = 0;
  bool byte_fallback = false;
  std::array<TokenId, 256> byte_ids{};

  void append_unigram(std::string_view text, std::vector<Piece>& out) const;
};

/// As the library fills its result: bytes of unknown characters stand before the character but for the last one, which
/// has all of it; without byte pieces neighbouring unknown characters are one piece.
void SentencePieceModel::Library::append_unigram(std::string_view text, std::vector<Piece>& out) const {
  std::string normalized;
  std::vector<std::uint32_t> origin;  // of each normalised byte, and the end
  std::uint32_t end = 0;
  for_each_piece(normalizer, text, num_normalizer_ids, [&](const GivenPiece& given) {
    if (given.piece.id >= 1 && given.piece.id <= 256) normalized += static_cast<char>(given.piece.id - 1);
    else normalized.append(given.text);
    origin.resize(normalized.size(), given.piece.begin);
    end = given.piece.end;
  });
  origin.push_back(end);
  bool follows_unknown = false;
  for (const SentencePieceUnigram::Part& part : unigram->split(normalized)) {
    const std::uint32_t begin_here = origin[part.begin];
    const std::uint32_t end_here = origin[part.end];
    const bool is_unknown = part.id == unigram->unk_id();
    if (is_unknown && byte_fallback) {
      for (std::uint32_t i = part.begin; i < part.end; ++i) {
        const TokenId id = byte_ids[static_cast<unsigned char>(normalized[i])];
        out.push_back({id, begin_here, i + 1 == part.end ? end_here : begin_here});
      }
    } else if (is_unknown && follows_unknown) {
      out.back().end = end_here;
    } else {
      out.push_back({part.id, begin_here, end_here});
    }
    follows_unknown = is_unknown;
  }
}

SentencePieceModel::SentencePieceModel(const SentencePieceFile& model, const std::string& file) {
  // Reserved pieces last, as they win over usual ones of the same text.
  for (const bool wants_reserved : {false, true}) {
    for (std::size_t i = 0; i < model.pieces.size(); ++i) {
      const SentencePieceType type = model.pieces[i].type;
      const bool is_reserved = type == SentencePieceType::unknown || type == SentencePieceType::control ||
                               type == SentencePieceType::byte;
      if (is_reserved == wants_reserved) vocabulary_.add(model.pieces[i].piece, static_cast<TokenId>(i));
    }
  }
  auto library = std::make_unique<Library>();
  load(library->processor, model.canonical_bytes(), file);
  if (model.model_type == SentencePieceFile::ModelType::unigram) {
    try {
      library->unigram.emplace(model);
    } catch (const std::length_error& error) {
      throw ConfigError(cat(file, ": ", error.what()));
    }
    load(library->normalizer, model.normalizer_bytes(), file);
    library->num_normalizer_ids = static_cast<std::size_t>(library->normalizer.GetPieceSize());
    library->byte_fallback = model.byte_fallback;
    library->byte_ids = find_byte_tokens(vocabulary_);
  }
  library_ = std::move(library);
}

SentencePieceModel::~SentencePieceModel() = default;

std::unique_ptr<ModelScratch> SentencePieceModel::new_scratch() const { return std::make_unique<ModelScratch>(); }

void SentencePieceModel::tokenize(std::string_view text, ModelScratch&, std::vector<Piece>& out) const {
  if (text.size() > kMaxTextBytes) {
    throw RunError(RunErrorKind::data, cat("a text of ", text.size(), " bytes; a SentencePiece model takes at most ",
                                           kMaxTextBytes, " at once"));
  }
  if (library_->unigram) {
    library_->append_unigram(text, out);
  } else {
    for_each_piece(library_->processor, text, num_ids(), [&](const GivenPiece& given) { out.push_back(given.piece); });
  }
}

std::string SentencePieceModel::decode(std::span<const TokenId> ids) const {
  std::string text;
  try {
    const auto status = library_->processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
    if (!status.ok()) fail_inside(cat("failed to decode: ", status.ToString()));
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    fail_inside(cat("failed to decode: ", error.what()));
  }
  return is_valid_utf8(text) ? text : to_valid_utf8(text);
}

}  // namespace forgelm::text
