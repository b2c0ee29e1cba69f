#include "fuzz/sentencepiece_promise.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "text/sentencepiece_file.hpp"
#include "text/sentencepiece_model.hpp"

namespace forgelm::test {
namespace {

std::string broken_pieces(const std::vector<text::Piece>& pieces, std::string_view text, const text::Model& model) {
  for (const text::Piece& piece : pieces) {
    if (piece.id < 0 || static_cast<std::size_t>(piece.id) >= model.num_ids()) return "an id outside the vocabulary";
    if (piece.begin > piece.end || piece.end > text.size()) return "a span outside the text";
  }
  return "";
}

std::string broken_text(const text::SentencePieceModel& model, text::ModelScratch& scratch, std::string_view text) {
  std::vector<text::Piece> pieces;
  model.tokenize(text, scratch, pieces);
  if (auto broken = broken_pieces(pieces, text, model); !broken.empty()) return broken;
  std::vector<text::Piece> again;
  model.tokenize(text, scratch, again);
  const auto are_equal = [](const text::Piece& a, const text::Piece& b) {
    return a.id == b.id && a.begin == b.begin && a.end == b.end;
  };
  if (!std::equal(pieces.begin(), pieces.end(), again.begin(), again.end(), are_equal)) return "two answers to a text";
  std::vector<text::Piece> theirs;
  try {
    model.tokenize_by_library(text, theirs);
  } catch (const RunError&) {
    // 0.1.97 gives up where a control piece reads as a character of the text; our own way does not.
  }
  if (auto broken = broken_pieces(theirs, text, model); !broken.empty()) return "the library gives " + broken;
  std::vector<text::TokenId> ids;
  for (const text::Piece& piece : pieces) ids.push_back(piece.id);
  if (!is_valid_utf8(model.decode(ids))) return "a decoded text that is not UTF-8";
  return "";
}

}  // namespace

std::string broken_sentencepiece_promise(std::string_view bytes) {
  try {
    const text::SentencePieceFile file = text::read_sentencepiece_file(bytes, "fuzz.model");
    const text::SentencePieceModel model(file, "fuzz.model");
    if (text::read_sentencepiece_file(file.canonical_bytes(), "again").pieces.size() != file.pieces.size()) {
      return "what is written for the library reads otherwise";
    }
    const auto scratch = model.new_scratch();
    std::string own;
    for (const auto& entry : file.pieces) {
      if (own.size() > 200) break;
      own.append(entry.piece).append(entry.type == text::SentencePieceType::normal ? "" : " ");
    }
    for (const std::string& text : {std::string("Hello  world A\xC3\xA9\n"), own,
                                    std::string("\xE2\x96\x81 \xEF\xBC\xA1\xF0\x9F\x98\x80 aaaa")}) {
      if (auto broken = broken_text(model, *scratch, text); !broken.empty()) return broken;
    }
  } catch (const ConfigError& error) {
    if (!std::string_view(error.what()).starts_with("fuzz.model: ")) return "a refusal without the file's name";
  } catch (const RunError& error) {
    // The same where the library alone encodes (words, characters, unused pieces): an error, nothing worse.
    if (std::string_view(error.what()) != "the sentencepiece library could not encode a text") return error.what();
  } catch (const std::exception& error) {
    return cat("an exception: ", error.what());
  }
  return "";
}

}  // namespace forgelm::test
