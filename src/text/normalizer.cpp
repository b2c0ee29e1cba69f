// The normalizers. Each leaves a text it has nothing to do with untouched, since most texts need little of it.
#include "normalizer.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/text.hpp"
#include "normal_form.hpp"
#include "pattern.hpp"

namespace forgelm::text {
namespace {

constexpr char32_t kCombiningDotAbove = 0x307;
constexpr std::size_t kMaxGrowth = 64;
constexpr std::size_t kMinRoomBytes = 1 << 20;

Rewriter begin_rewrite(TextBuffers& buffers) {
  buffers.next.clear();
  buffers.next.bytes.reserve(buffers.text.bytes.size());
  return Rewriter(buffers.text, buffers.next, 0, buffers.origin, buffers.with_spans);
}

/// Refuses a rule set that lets a text grow without bounds; `num_added`: bytes that come to it now.
void check_growth(const TextBuffers& buffers, std::size_t num_added) {
  if (buffers.text.bytes.size() + num_added > kMaxGrowth * buffers.num_given_bytes + kMinRoomBytes)
    throw RunError(RunErrorKind::data, cat("the tokenizer's normalizer lets a text of ", buffers.num_given_bytes,
                                           " bytes grow more than ", kMaxGrowth, " times"));
}

/// Keeps, changes or drops each code point on its own: `map` gives the new one, or kDrop.
constexpr char32_t kDrop = 0xFFFFFFFF;
template <class Map>
void map_code_points(TextBuffers& buffers, const Map& map) {
  Rewriter out = begin_rewrite(buffers);
  const std::string& bytes = buffers.text.bytes;
  for (std::size_t at = 0; at < bytes.size();) {
    const char32_t mapped = map(next_code_point(bytes.data(), at));
    if (mapped == kDrop) out.skip();
    else out.emit(mapped, 0);
  }
  buffers.swap();
}

void lower_text(TextBuffers& buffers) {
  std::string& bytes = buffers.text.bytes;
  if (is_ascii(bytes)) {
    for (char& c : bytes) c = ascii_lower(c);
    return;
  }
  Rewriter out = begin_rewrite(buffers);
  for (std::size_t at = 0; at < bytes.size();) {
    const char32_t c = next_code_point(bytes.data(), at);
    out.emit(lower_case(c), 0);
    if (c == kDottedCapitalI) out.emit(kCombiningDotAbove, 1);
  }
  buffers.swap();
}

void to_normal_form(TextBuffers& buffers, NormalForm form) {
  if (is_surely_normal(form, buffers.text.bytes)) return;
  buffers.steps.clear();
  rewrite_to_normal_form(form, buffers.text.bytes, buffers.steps);
  Rewriter out = begin_rewrite(buffers);
  for (const Rewrite& step : buffers.steps) out.emit(step.code_point, step.change);
  buffers.swap();
}

class NormalizerSequence final : public Normalizer {
 public:
  NormalizerSequence(const JsonNode& node, int depth) {
    if (depth >= kMaxSequenceDepth) node.fail(cat("sequences are nested deeper than ", kMaxSequenceDepth));
    for (const JsonNode& item : node.at("normalizers").items()) steps_.push_back(read_normalizer(item, depth + 1));
  }
  void apply(TextBuffers& buffers) const override {
    for (const auto& step : steps_) {
      step->apply(buffers);
      check_growth(buffers, 0);
    }
  }

 private:
  std::vector<std::unique_ptr<const Normalizer>> steps_;
};

class BertNormalizer final : public Normalizer {
 public:
  explicit BertNormalizer(const JsonNode& node)
      : cleans_text_(node.at("clean_text").boolean()),
        spaces_chinese_(node.at("handle_chinese_chars").boolean()),
        lowers_(node.at("lowercase").boolean()),
        strips_accents_(node.boolean_or("strip_accents", lowers_)) {}

  void apply(TextBuffers& buffers) const override {
    if (cleans_text_) {
      map_code_points(buffers, [&](char32_t c) {
        const std::uint16_t flags = classes_.flags(c);
        return (flags & char_flag::kControl) != 0 ? kDrop : (flags & char_flag::kWhiteSpace) != 0 ? U' ' : c;
      });
    }
    if (is_ascii(buffers.text.bytes)) {
      if (lowers_) lower_text(buffers);
      return;
    }
    if (spaces_chinese_) space_chinese(buffers);
    if (strips_accents_) {
      to_normal_form(buffers, NormalForm::nfd);
      map_code_points(buffers, [&](char32_t c) { return classes_.has(c, char_flag::kNonspacingMark) ? kDrop : c; });
    }
    if (lowers_) lower_text(buffers);
  }

 private:
  static void space_chinese(TextBuffers& buffers) {
    Rewriter out = begin_rewrite(buffers);
    const std::string& bytes = buffers.text.bytes;
    for (std::size_t at = 0; at < bytes.size();) {
      const char32_t c = next_code_point(bytes.data(), at);
      if (!is_chinese(c)) {
        out.emit(c, 0);
        continue;
      }
      out.emit(U' ', 0);
      out.emit(c, 1);
      out.emit(U' ', 1);
    }
    buffers.swap();
  }

  CharClasses classes_;
  bool cleans_text_;
  bool spaces_chinese_;
  bool lowers_;
  bool strips_accents_;
};

class StripNormalizer final : public Normalizer {
 public:
  explicit StripNormalizer(const JsonNode& node)
      : strips_left_(node.at("strip_left").boolean()), strips_right_(node.at("strip_right").boolean()) {}

  void apply(TextBuffers& buffers) const override {
    const std::string& bytes = buffers.text.bytes;
    const CharClasses classes;
    std::size_t begin = 0;
    while (strips_left_ && begin < bytes.size()) {
      std::size_t next = begin;
      if (!classes.has(next_code_point(bytes.data(), next), char_flag::kWhiteSpace)) break;
      begin = next;
    }
    std::size_t end = bytes.size();
    while (strips_right_ && end > begin) {
      std::size_t last = end - 1;
      while (!begins_character(bytes[last])) --last;
      std::size_t next = last;
      if (!classes.has(next_code_point(bytes.data(), next), char_flag::kWhiteSpace)) break;
      end = last;
    }
    if (begin == 0 && end == bytes.size()) return;
    Rewriter out = begin_rewrite(buffers);
    out.skip_bytes(begin);
    out.copy(end - begin);
    buffers.swap();
  }

 private:
  bool strips_left_;
  bool strips_right_;
};

class StripAccents final : public Normalizer {
 public:
  void apply(TextBuffers& buffers) const override {
    if (is_ascii(buffers.text.bytes)) return;
    map_code_points(buffers, [&](char32_t c) { return classes_.has(c, char_flag::kCombiningMark) ? kDrop : c; });
  }

 private:
  CharClasses classes_;
};

class ToNormalForm final : public Normalizer {
 public:
  explicit ToNormalForm(NormalForm form) : form_(form) {}
  void apply(TextBuffers& buffers) const override { to_normal_form(buffers, form_); }

 private:
  NormalForm form_;
};

class Lowercase final : public Normalizer {
 public:
  void apply(TextBuffers& buffers) const override { lower_text(buffers); }
};

/// The clean-up of SentencePiece's "nmt" rules.
class NmtNormalizer final : public Normalizer {
 public:
  void apply(TextBuffers& buffers) const override { map_code_points(buffers, map); }

 private:
  static char32_t map(char32_t c) {
    if ((c >= 0x1 && c <= 0x8) || c == 0xB || (c >= 0xE && c <= 0x1F) || c == 0x7F || c == 0x8F || c == 0x9F)
      return kDrop;
    if (c == 0x9 || c == 0xA || c == 0xC || c == 0xD || c == 0x1680 || (c >= 0x200B && c <= 0x200F) || c == 0x2028 ||
        c == 0x2029 || c == 0x2581 || c == 0xFEFF || c == 0xFFFD)
      return U' ';
    return c;
  }
};

class Prepend final : public Normalizer {
 public:
  explicit Prepend(const JsonNode& node) : prefix_(node.at("prepend").text()) {}

  void apply(TextBuffers& buffers) const override {
    if (buffers.text.bytes.empty() || prefix_.empty()) return;
    buffers.text.bytes.insert(0, prefix_);
    if (buffers.with_spans)
      buffers.text.spans.insert(buffers.text.spans.begin(), prefix_.size(), buffers.text.spans.front());
  }

 private:
  std::string prefix_;
};

class ReplaceNormalizer final : public Normalizer {
 public:
  explicit ReplaceNormalizer(const JsonNode& node) : replacement_(node) {}
  void apply(TextBuffers& buffers) const override { replacement_.apply(buffers); }

 private:
  Replacement replacement_;
};

class ByteLevelNormalizer final : public Normalizer {
 public:
  void apply(TextBuffers& buffers) const override {
    buffers.next.clear();
    append_byte_level(buffers.text, 0, buffers.text.bytes.size(), buffers.with_spans, buffers.next);
    buffers.swap();
  }
};

}  // namespace

Normalizer::~Normalizer() = default;

struct Replacement::Impl {
  Pattern pattern;
  std::string content;
};

Replacement::Replacement(const JsonNode& node)
    : impl_(std::make_unique<Impl>(Impl{Pattern(node.at("pattern")), node.at("content").text()})) {}
Replacement::~Replacement() = default;
Replacement::Replacement(Replacement&&) noexcept = default;

void Replacement::apply(TextBuffers& buffers) const {
  std::vector<Match> matches;
  if (buffers.text.bytes.empty()) return;
  impl_->pattern.find_all(buffers.text.bytes, matches);
  if (matches.empty()) return;
  check_growth(buffers, matches.size() * impl_->content.size());
  Rewriter out = begin_rewrite(buffers);
  for (const Match& match : matches) {
    out.copy(match.begin - out.at());
    out.skip_bytes(match.end - match.begin);
    out.add(impl_->content);
  }
  out.copy(buffers.text.bytes.size() - out.at());
  buffers.swap();
}

std::string Replacement::apply(std::string text) const {
  TextBuffers buffers;
  buffers.text.bytes = std::move(text);
  apply(buffers);
  return std::move(buffers.text.bytes);
}

std::unique_ptr<const Normalizer> read_normalizer(const JsonNode& node, int depth) {
  if (depth == 0) check_num_steps(node, "normalizers");
  const std::string& type = node.at("type").text();
  if (type == "Sequence") return std::make_unique<NormalizerSequence>(node, depth);
  if (type == "Bert" || type == "BertNormalizer") return std::make_unique<BertNormalizer>(node);
  if (type == "Strip" || type == "StripNormalizer") return std::make_unique<StripNormalizer>(node);
  if (type == "StripAccents") return std::make_unique<StripAccents>();
  if (type == "NFC") return std::make_unique<ToNormalForm>(NormalForm::nfc);
  if (type == "NFD") return std::make_unique<ToNormalForm>(NormalForm::nfd);
  if (type == "NFKC") return std::make_unique<ToNormalForm>(NormalForm::nfkc);
  if (type == "NFKD") return std::make_unique<ToNormalForm>(NormalForm::nfkd);
  if (type == "Lowercase") return std::make_unique<Lowercase>();
  if (type == "Nmt") return std::make_unique<NmtNormalizer>();
  if (type == "Precompiled") return read_precompiled(node);
  if (type == "Replace") return std::make_unique<ReplaceNormalizer>(node);
  if (type == "Prepend") return std::make_unique<Prepend>(node);
  if (type == "ByteLevel") return std::make_unique<ByteLevelNormalizer>();
  node.at("type").fail(cat("no normalizer is called ", quote(type)));
}

}  // namespace forgelm::text
