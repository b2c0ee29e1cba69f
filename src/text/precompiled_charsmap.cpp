// Lookup as the reference does it: by grapheme when that is short, else by code point.
#include "precompiled_charsmap.hpp"

#include <utf8proc.h>

#include <stdexcept>

#include "charsmap.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"
#include "normalizer.hpp"

namespace forgelm::text {
namespace {

constexpr std::size_t kMaxBlobBytes = 16 << 20;
constexpr std::size_t kLongestLookedUp = 5;  // bytes of a grapheme that is looked up whole

std::uint32_t read_u32(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (int i = 3; i >= 0; --i) value = value << 8 | static_cast<unsigned char>(bytes[at + static_cast<std::size_t>(i)]);
  return value;
}

/// Where the grapheme that starts at `at` ends.
std::size_t grapheme_end(std::string_view text, std::size_t at) {
  const auto is_ascii_at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]) < 0x80; };
  if (is_ascii_at(at) && (at + 1 == text.size() || (is_ascii_at(at + 1) && text[at] != '\r'))) return at + 1;
  utf8proc_int32_t state = 0;
  std::size_t next = at;
  auto before = static_cast<utf8proc_int32_t>(next_code_point(text.data(), next));
  while (next < text.size()) {
    std::size_t after = next;
    const auto c = static_cast<utf8proc_int32_t>(next_code_point(text.data(), after));
    if (utf8proc_grapheme_break_stateful(before, c, &state)) break;
    before = c;
    next = after;
  }
  return next;
}

/// The reference's account of replacing `num_old` code points by `text`.
void append_replacement(std::size_t num_old, std::string_view text, std::vector<Rewrite>& out) {
  const std::size_t first = out.size();
  for (std::size_t at = 0; at < text.size();) out.push_back({next_code_point(text.data(), at), 0});
  const std::size_t num_new = out.size() - first;
  for (std::size_t i = num_old; i < num_new; ++i) out[first + i].change = 1;
  if (num_new < num_old && !out.empty()) out.back().change -= static_cast<int>(num_old - num_new);
}

class PrecompiledNormalizer final : public Normalizer {
 public:
  explicit PrecompiledNormalizer(std::string_view blob) : map_(blob) {}

  void apply(TextBuffers& buffers) const override {
    buffers.steps.clear();
    if (!map_.rewrite(buffers.text.bytes, buffers.steps)) return;
    buffers.next.clear();
    Rewriter out(buffers.text, buffers.next, 0, buffers.origin, buffers.with_spans);
    for (const Rewrite& step : buffers.steps) out.emit(step.code_point, step.change);
    buffers.swap();
  }

 private:
  PrecompiledCharsmap map_;
};

}  // namespace

PrecompiledCharsmap::PrecompiledCharsmap(std::string_view blob) {
  if (blob.size() > kMaxBlobBytes)
    throw std::invalid_argument(cat("it holds ", blob.size(), " bytes; at most ", kMaxBlobBytes));
  if (blob.size() < 4) throw std::invalid_argument("it is shorter than its header of 4 bytes");
  const std::size_t trie_bytes = read_u32(blob, 0) / 4 * std::size_t{4};
  if (trie_bytes > blob.size() - 4)
    throw std::invalid_argument(
        cat("its header promises a trie of ", trie_bytes, " bytes, and ", blob.size() - 4, " follow"));
  if (trie_bytes == 0) throw std::invalid_argument("its trie is empty");
  for (std::size_t at = 0; at < trie_bytes; at += 4) units_.push_back(read_u32(blob, 4 + at));
  texts_ = blob.substr(4 + trie_bytes);
  if (!is_valid_utf8(texts_)) throw std::invalid_argument("its replacements are not UTF-8");
}

std::optional<std::string_view> PrecompiledCharsmap::find(std::string_view chunk) const {
  std::uint32_t at = charsmap_base(units_, 0);
  for (const char c : chunk) {
    const auto label = static_cast<std::uint32_t>(static_cast<unsigned char>(c));
    if (label == 0) return std::nullopt;
    at ^= label;
    if (at >= units_.size() || !charsmap_has_label(units_, at, label)) return std::nullopt;
    const std::uint32_t node = at;
    at = charsmap_base(units_, node);
    if (!charsmap_has_value(units_, node)) continue;
    if (at >= units_.size()) return std::nullopt;
    const std::size_t begin = charsmap_value(units_, at);
    if (begin > texts_.size() || (begin < texts_.size() && !begins_character(texts_[begin]))) return std::nullopt;
    const std::size_t end = std::min(texts_.find('\0', begin), texts_.size());
    return std::string_view(texts_).substr(begin, end - begin);
  }
  return std::nullopt;
}

bool PrecompiledCharsmap::rewrite(std::string_view text, std::vector<Rewrite>& out) const {
  bool is_changed = false;
  const std::size_t before = out.size();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = grapheme_end(text, at);
    const std::string_view grapheme = text.substr(at, end - at);
    at = end;
    if (grapheme.size() <= kLongestLookedUp) {
      if (const auto found = find(grapheme)) {
        is_changed = true;
        append_replacement(num_code_points(grapheme), *found, out);
        continue;
      }
      if (grapheme.size() == utf8_length(grapheme[0])) {  // the code point by itself gives the same answer
        std::size_t zero = 0;
        out.push_back({next_code_point(grapheme.data(), zero), 0});
        continue;
      }
    }
    for (std::size_t inner = 0; inner < grapheme.size();) {
      const std::size_t begin = inner;
      const char32_t c = next_code_point(grapheme.data(), inner);
      if (const auto found = find(grapheme.substr(begin, inner - begin))) {
        is_changed = true;
        append_replacement(1, *found, out);
      } else {
        out.push_back({c, 0});
      }
    }
  }
  if (!is_changed) out.resize(before);
  return is_changed;
}

std::unique_ptr<const Normalizer> read_precompiled(const JsonNode& node) {
  const JsonNode map = node.at("precompiled_charsmap");
  const auto blob = base64_decode(map.text());
  if (!blob) map.fail("this is not base64");
  try {
    return std::make_unique<PrecompiledNormalizer>(*blob);
  } catch (const std::invalid_argument& error) {
    map.fail(error.what());
  }
}

}  // namespace forgelm::text
