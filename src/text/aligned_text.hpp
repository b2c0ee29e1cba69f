// A piece of text on its way through normalizers and pre-tokenizers, with what each of its bytes stands for in the text
// as given. The alignment follows the reference's (NormalizedString) step for step, since spans are compared with it.
// Trap: spans are kept only when someone asked for them; without, only the bytes are right.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "forgelm/core/text.hpp"
#include "forgelm/text/tokenizer.hpp"
#include "unicode.hpp"

namespace forgelm::text {

/// One step of rewriting a text: a code point that replaces the next one (change 0), is added (1), or replaces the next
/// one and swallows n more (-n).
struct Rewrite {
  char32_t code_point = 0;
  int change = 0;
};

struct AlignedText {
  std::string bytes;
  std::vector<ByteSpan> spans;  ///< one per byte, all bytes of a code point alike; empty unless asked for

  void clear() {
    bytes.clear();
    spans.clear();
  }
  /// Takes bytes of the text as given that start at `origin`.
  void assign(std::string_view text, std::uint32_t origin, bool with_spans) {
    clear();
    bytes = text;
    if (!with_spans) return;
    spans.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t length = utf8_length(text[at]);
      const auto begin = origin + static_cast<std::uint32_t>(at);
      spans.insert(spans.end(), length, ByteSpan{begin, begin + static_cast<std::uint32_t>(length)});
      at += length;
    }
  }
};

/// Writes a new version of bytes [begin, ...) of `in` to the end of `out`, following Rewrite steps.
class Rewriter {
 public:
  /// `origin`: where the piece starts in the text as given.
  Rewriter(const AlignedText& in, AlignedText& out, std::size_t begin, std::uint32_t origin, bool with_spans)
      : in_(in), out_(out), begin_(begin), at_(begin), origin_{origin, origin}, with_spans_(with_spans) {}

  void emit(char32_t code_point, int change) {
    const std::size_t before = out_.bytes.size();
    const ByteSpan span = !with_spans_                            ? ByteSpan{}
                          : change > 0 || at_ >= in_.spans.size() ? span_before()
                                                                  : in_.spans[at_];
    if (code_point < 0x80) out_.bytes += static_cast<char>(code_point);
    else append_utf8(out_.bytes, code_point);
    if (with_spans_) out_.spans.insert(out_.spans.end(), out_.bytes.size() - before, span);
    for (int step = change > 0 ? 1 : change; step <= 0; ++step) skip();
  }
  /// Adds text that was not there.
  void add(std::string_view text) {
    out_.bytes += text;
    if (with_spans_) out_.spans.insert(out_.spans.end(), text.size(), span_before());
  }
  /// Copies the next `num_bytes` (whole code points) as they are.
  void copy(std::size_t num_bytes) {
    out_.bytes.append(in_.bytes, at_, num_bytes);
    if (with_spans_)
      out_.spans.insert(out_.spans.end(), in_.spans.begin() + static_cast<std::ptrdiff_t>(at_),
                        in_.spans.begin() + static_cast<std::ptrdiff_t>(at_ + num_bytes));
    at_ += num_bytes;
  }
  /// Drops the next code point; nothing at the end.
  void skip() {
    if (at_ < in_.bytes.size()) at_ += utf8_length(in_.bytes[at_]);
  }
  void skip_bytes(std::size_t num_bytes) { at_ += num_bytes; }
  std::size_t at() const { return at_; }

 private:
  ByteSpan span_before() const { return at_ == begin_ ? origin_ : in_.spans[at_ - 1]; }

  const AlignedText& in_;
  AlignedText& out_;
  std::size_t begin_;
  std::size_t at_;
  ByteSpan origin_;
  bool with_spans_;
};

}  // namespace forgelm::text
