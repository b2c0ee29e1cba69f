// The sentencepiece library behind forgelm/text/sentencepiece_entry.hpp. Only what its versions 0.1.96 to 0.2 share is
// used.
#include <sentencepiece_processor.h>

#include <exception>
#include <stdexcept>
#include <vector>

#include "forgelm/text/sentencepiece_entry.hpp"

namespace forgelm::text {
namespace {

class Library final : public SentencePieceLibrary {
 public:
  sentencepiece::SentencePieceProcessor processor;

  std::string encode(std::string_view text) const override {
    return processor.EncodeAsSerializedProto({text.data(), text.size()});
  }
  std::string decode(std::span<const int> ids) const override {
    std::string text;
    const auto status = processor.Decode(std::vector<int>(ids.begin(), ids.end()), &text);
    if (!status.ok()) throw std::runtime_error(status.ToString());
    return text;
  }
};

std::unique_ptr<SentencePieceLibrary> load(std::string_view bytes, std::string& problem) {
  auto library = std::make_unique<Library>();
  try {
    const auto status = library->processor.LoadFromSerializedProto({bytes.data(), bytes.size()});
    if (status.ok()) return library;
    problem = status.ToString();
  } catch (const std::exception& error) {
    problem = error.what();
  }
  return nullptr;
}

}  // namespace

extern "C" __attribute__((visibility("default")))
const SentencePieceLibraryEntry forgelm_sentencepiece_entry = {FORGELM_VERSION, load};

}  // namespace forgelm::text
