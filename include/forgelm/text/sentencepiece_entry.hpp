// The one symbol by which libforgelm_sentencepiece.so is entered. src/text opens it when the first SentencePiece model
// is loaded; src/sentencepiece is what it holds, the only code that sees the sentencepiece library. The library brings
// protobuf and flags (FLAGS_minloglevel) under names that libtorch has too: in one symbol scope the one overwrites the
// other's variables, which made libtorch abort on its first error.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace forgelm::text {

inline constexpr const char* kSentencePieceEntrySymbol = "forgelm_sentencepiece_entry";

/// A loaded model. Immutable; thread-safe. What the library throws or says is a std::runtime_error.
class SentencePieceLibrary {
 public:
  virtual ~SentencePieceLibrary() = default;
  /// The serialized SentencePieceText of a text.
  virtual std::string encode(std::string_view text) const = 0;
  virtual std::string decode(std::span<const int> ids) const = 0;
};

struct SentencePieceLibraryEntry {
  const char* version;  ///< of the forgelm that it was built from
  /// A model from the bytes of its file; nullptr, with the reason in `problem`, when the library refuses it.
  std::unique_ptr<SentencePieceLibrary> (*load)(std::string_view bytes, std::string& problem);
};

}  // namespace forgelm::text
