// The pre-tokenizers. What cuts at matches shares one account of the five behaviours (what becomes of the delimiter).
#include "pre_tokenizer.hpp"

#include <algorithm>
#include <cstring>

#include "forgelm/core/text.hpp"
#include "normalizer.hpp"
#include "pattern.hpp"
#include "scanner.hpp"

namespace forgelm::text {
namespace {

enum class Behavior { removed, isolated, merged_with_previous, merged_with_next, contiguous };

Behavior read_behavior(const JsonNode& node) {
  const std::string& name = node.text();
  if (name == "Removed") return Behavior::removed;
  if (name == "Isolated") return Behavior::isolated;
  if (name == "MergedWithPrevious") return Behavior::merged_with_previous;
  if (name == "MergedWithNext") return Behavior::merged_with_next;
  if (name == "Contiguous") return Behavior::contiguous;
  node.fail(cat("no behaviour is called ", quote(name)));
}

std::string_view text_of(const PreTokenized& work, const Split& split) {
  return std::string_view(work.text.bytes).substr(split.begin, split.end - split.begin);
}

/// Cuts at matches. Derived classes find them.
class CutAtMatches : public PreTokenizer {
 public:
  CutAtMatches(Behavior behavior, bool is_inverted) : behavior_(behavior), is_inverted_(is_inverted) {}

  void apply(PreTokenized& work) const final {
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      work.matches.clear();
      find_all(text_of(work, split), work.matches);
      if (behavior_ == Behavior::isolated) cut_all(work, split);
      else if (behavior_ == Behavior::removed) cut_and_drop(work, split);
      else cut_and_merge(work, split);
    }
    work.keep_text();
  }

 private:
  virtual void find_all(std::string_view text, std::vector<Match>& matches) const = 0;

  static void push(PreTokenized& work, std::uint32_t begin, std::uint32_t end) {
    if (begin < end) work.next_splits.push_back({begin, end});
  }
  static void cut_all(PreTokenized& work, const Split& split) {
    std::uint32_t at = split.begin;
    for (const Match& match : work.matches) {
      push(work, at, split.begin + match.begin);
      push(work, split.begin + match.begin, split.begin + match.end);
      at = split.begin + match.end;
    }
    push(work, at, split.end);
  }
  void cut_and_drop(PreTokenized& work, const Split& split) const {
    std::uint32_t at = split.begin;
    for (const Match& match : work.matches) {
      if (is_inverted_) push(work, split.begin + match.begin, split.begin + match.end);
      else push(work, at, split.begin + match.begin);
      at = split.begin + match.end;
    }
    if (!is_inverted_) push(work, at, split.end);
  }
  void cut_and_merge(PreTokenized& work, const Split& split) const {
    auto& parts = work.parts;
    parts.clear();
    std::uint32_t at = split.begin;
    for (const Match& match : work.matches) {
      if (at != split.begin + match.begin) parts.push_back({{at, split.begin + match.begin}, is_inverted_});
      parts.push_back({{split.begin + match.begin, split.begin + match.end}, !is_inverted_});
      at = split.begin + match.end;
    }
    if (at != split.end) parts.push_back({{at, split.end}, is_inverted_});
    if (behavior_ == Behavior::merged_with_next) return merge_with_next(work);
    bool was_match = false;
    std::uint32_t begin = split.begin;  // of the piece that is being put together
    bool is_open = false;
    std::uint32_t end = split.begin;
    for (const auto& part : parts) {
      const bool joins = behavior_ == Behavior::contiguous ? part.is_match == was_match : part.is_match && !was_match;
      if (!joins || !is_open) {
        if (is_open) push(work, begin, end);
        begin = part.range.begin;
        is_open = true;
      }
      end = part.range.end;
      was_match = part.is_match;
    }
    if (is_open) push(work, begin, end);
  }
  static void merge_with_next(PreTokenized& work) {
    const std::size_t first = work.next_splits.size();
    bool was_match = false;
    bool is_open = false;
    Split piece;
    for (auto part = work.parts.rbegin(); part != work.parts.rend(); ++part) {
      if (!(part->is_match && !was_match) || !is_open) {
        if (is_open) push(work, piece.begin, piece.end);
        piece = part->range;
        is_open = true;
      }
      piece.begin = part->range.begin;
      was_match = part->is_match;
    }
    if (is_open) push(work, piece.begin, piece.end);
    std::reverse(work.next_splits.begin() + static_cast<std::ptrdiff_t>(first), work.next_splits.end());
  }

  Behavior behavior_;
  bool is_inverted_;
};

class CutAtPattern final : public CutAtMatches {
 public:
  explicit CutAtPattern(const JsonNode& node)
      : CutAtMatches(read_behavior(node.at("behavior")), node.at("invert").boolean()), pattern_(node.at("pattern")) {}

 private:
  void find_all(std::string_view text, std::vector<Match>& matches) const override { pattern_.find_all(text, matches); }
  Pattern pattern_;
};

/// The pattern of ByteLevel.
class CutAsGpt2 final : public CutAtMatches {
 public:
  CutAsGpt2() : CutAtMatches(Behavior::isolated, false), scanner_(scanner_for(kGpt2Pattern)) {}

 private:
  void find_all(std::string_view text, std::vector<Match>& matches) const override { scanner_(text, matches); }
  Scanner scanner_;
};

/// Each code point with a flag, or one particular code point, is a match.
class CutAtCodePoints final : public CutAtMatches {
 public:
  CutAtCodePoints(std::uint16_t flag, Behavior behavior) : CutAtMatches(behavior, false), flag_(flag) {}
  explicit CutAtCodePoints(char32_t delimiter) : CutAtMatches(Behavior::removed, false), delimiter_(delimiter) {}

 private:
  void find_all(std::string_view text, std::vector<Match>& matches) const override {
    for (std::size_t at = 0; at < text.size();) {
      const auto begin = static_cast<std::uint32_t>(at);
      const char32_t c = next_code_point(text.data(), at);
      if (flag_ != 0 ? classes_.has(c, flag_) : c == delimiter_)
        matches.push_back({begin, static_cast<std::uint32_t>(at)});
    }
  }
  CharClasses classes_;
  std::uint16_t flag_ = 0;
  char32_t delimiter_ = 0;
};

/// "Whitespace": words and runs of other signs; white space goes.
class WordsAndSigns final : public PreTokenizer {
 public:
  void apply(PreTokenized& work) const override {
    work.next_splits.clear();
    const char* bytes = work.text.bytes.data();
    for (const Split& split : work.splits) {
      int before = 0;  // 0: white space, 1: word, 2: sign
      std::uint32_t begin = split.begin;
      for (std::size_t at = split.begin; at < split.end;) {
        const auto here = static_cast<std::uint32_t>(at);
        const std::uint16_t flags = classes_.flags(next_code_point(bytes, at));
        const int kind = (flags & char_flag::kWord) != 0 ? 1 : (flags & char_flag::kWhiteSpace) != 0 ? 0 : 2;
        if (kind == before) continue;
        if (before != 0) work.next_splits.push_back({begin, here});
        begin = here;
        before = kind;
      }
      if (before != 0) work.next_splits.push_back({begin, split.end});
    }
    work.keep_text();
  }

 private:
  CharClasses classes_;
};

class CutAtLength final : public PreTokenizer {
 public:
  explicit CutAtLength(const JsonNode& node) {
    if (const auto length = node.find("length")) length_ = length->integer(1, INT32_MAX);
  }
  void apply(PreTokenized& work) const override {
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      std::uint32_t begin = split.begin;
      std::int64_t num = 0;
      for (std::uint32_t at = split.begin; at < split.end;) {
        at += static_cast<std::uint32_t>(utf8_length(work.text.bytes[at]));
        if (++num < length_ && at < split.end) continue;
        work.next_splits.push_back({begin, at});
        begin = at;
        num = 0;
      }
    }
    work.keep_text();
  }

 private:
  std::int64_t length_ = 5;
};

/// Cuts where the script changes. What stands before the first code point with a script is lost, as in the reference.
class CutAtScripts final : public PreTokenizer {
 public:
  void apply(PreTokenized& work) const override {
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      std::uint8_t before = 0;
      std::uint32_t begin = split.end;
      for (std::size_t at = split.begin; at < split.end;) {
        const auto here = static_cast<std::uint32_t>(at);
        const std::uint8_t script = script_of(next_code_point(work.text.bytes.data(), at));
        if (script == 0) continue;
        if (script != before) {
          if (begin < here) work.next_splits.push_back({begin, here});
          begin = here;
        }
        before = script;
      }
      if (begin < split.end) work.next_splits.push_back({begin, split.end});
    }
    work.keep_text();
  }
};

/// Copies [split] of the text to the end of the next one.
void append_text(PreTokenized& work, std::size_t begin, std::size_t end) {
  work.next_text.bytes.append(work.text.bytes, begin, end - begin);
  if (work.with_spans)
    work.next_text.spans.insert(work.next_text.spans.end(),
                                work.text.spans.begin() + static_cast<std::ptrdiff_t>(begin),
                                work.text.spans.begin() + static_cast<std::ptrdiff_t>(end));
}

/// Adds text that stands for the byte at `like`.
void append_like(PreTokenized& work, std::string_view text, std::size_t like) {
  work.next_text.bytes += text;
  if (work.with_spans) work.next_text.spans.insert(work.next_text.spans.end(), text.size(), work.text.spans[like]);
}

/// The first part of ByteLevel with add_prefix_space.
class PrefixSpace final : public PreTokenizer {
 public:
  void apply(PreTokenized& work) const override {
    work.next_text.clear();
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      const auto begin = static_cast<std::uint32_t>(work.next_text.bytes.size());
      if (work.text.bytes[split.begin] != ' ') append_like(work, " ", split.begin);
      append_text(work, split.begin, split.end);
      work.next_splits.push_back({begin, static_cast<std::uint32_t>(work.next_text.bytes.size())});
    }
    work.take_text();
  }
  bool changes_text() const override { return true; }
};

/// The last part of ByteLevel.
class SpellBytes final : public PreTokenizer {
 public:
  void apply(PreTokenized& work) const override {
    work.next_text.clear();
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      const auto begin = static_cast<std::uint32_t>(work.next_text.bytes.size());
      append_byte_level(work.text, split.begin, split.end, work.with_spans, work.next_text);
      work.next_splits.push_back({begin, static_cast<std::uint32_t>(work.next_text.bytes.size())});
    }
    work.take_text();
  }
  bool changes_text() const override { return true; }
  bool spells_bytes() const override { return true; }
};

class Metaspace final : public PreTokenizer {
 public:
  explicit Metaspace(const JsonNode& node) {
    append_utf8(replacement_, node.at("replacement").character());
    if (const auto scheme = node.find("prepend_scheme")) {
      const std::string& name = scheme->text();
      if (name == "first") scheme_ = Scheme::first;
      else if (name == "never") scheme_ = Scheme::never;
      else if (name != "always") scheme->fail(cat(quote(name), R"( is none of "always", "first", "never")"));
    }
    if (const auto prefix = node.find("add_prefix_space"); prefix && !prefix->boolean() && scheme_ != Scheme::never)
      prefix->fail("false contradicts prepend_scheme, which is not \"never\"");
    cuts_ = node.boolean_or("split", true);
  }

  void apply(PreTokenized& work) const override {
    work.next_text.clear();
    work.next_splits.clear();
    for (const Split& split : work.splits) {
      auto begin = static_cast<std::uint32_t>(work.next_text.bytes.size());
      if (prepends_to(work, split)) append_like(work, replacement_, split.begin);
      replace_spaces(work, split);
      const auto end = static_cast<std::uint32_t>(work.next_text.bytes.size());
      if (cuts_) {
        const std::string_view bytes = work.next_text.bytes;
        for (std::size_t at = bytes.find(replacement_, begin + 1); at < end; at = bytes.find(replacement_, at + 1)) {
          work.next_splits.push_back({begin, static_cast<std::uint32_t>(at)});
          begin = static_cast<std::uint32_t>(at);
        }
      }
      work.next_splits.push_back({begin, end});
    }
    work.take_text();
  }
  bool needs_spans(bool is_text_changed) const override { return scheme_ == Scheme::first && is_text_changed; }
  bool changes_text() const override { return true; }

 private:
  enum class Scheme { always, first, never };

  bool prepends_to(const PreTokenized& work, const Split& split) const {
    if (scheme_ == Scheme::never) return false;
    if (scheme_ == Scheme::first &&
        (work.with_spans ? work.text.spans[split.begin].begin != 0 : !work.is_at_start || split.begin != 0))
      return false;
    const std::string_view text = text_of(work, split);
    return text.front() != ' ' && text.substr(0, replacement_.size()) != replacement_;
  }
  void replace_spaces(PreTokenized& work, const Split& split) const {
    const char* bytes = work.text.bytes.data();
    std::size_t at = split.begin;
    while (at < split.end) {
      const void* found = std::memchr(bytes + at, ' ', split.end - at);
      const std::size_t space =
          found == nullptr ? split.end : static_cast<std::size_t>(static_cast<const char*>(found) - bytes);
      append_text(work, at, space);
      if (space < split.end) append_like(work, replacement_, space);
      at = space + 1;
    }
  }

  std::string replacement_;
  Scheme scheme_ = Scheme::always;
  bool cuts_ = true;
};

void append_steps(const JsonNode& node, int depth, PreTokenizers& out) {
  const std::string& type = node.at("type").text();
  const auto add = [&](auto step) { out.push_back(std::move(step)); };
  if (type == "Sequence") {
    if (depth >= kMaxSequenceDepth) node.fail(cat("sequences are nested deeper than ", kMaxSequenceDepth));
    for (const JsonNode& item : node.at("pretokenizers").items()) append_steps(item, depth + 1, out);
  } else if (type == "ByteLevel") {
    node.boolean_or("trim_offsets", true);
    if (node.at("add_prefix_space").boolean()) add(std::make_unique<PrefixSpace>());
    if (node.boolean_or("use_regex", true)) add(std::make_unique<CutAsGpt2>());
    add(std::make_unique<SpellBytes>());
  } else if (type == "Split") {
    add(std::make_unique<CutAtPattern>(node));
  } else if (type == "Metaspace") {
    add(std::make_unique<Metaspace>(node));
  } else if (type == "Digits") {
    const bool is_each = node.at("individual_digits").boolean();
    add(std::make_unique<CutAtCodePoints>(char_flag::kNumeric, is_each ? Behavior::isolated : Behavior::contiguous));
  } else if (type == "Punctuation") {
    const auto behavior = node.find("behavior");
    add(std::make_unique<CutAtCodePoints>(char_flag::kPunctuation,
                                          behavior ? read_behavior(*behavior) : Behavior::isolated));
  } else if (type == "BertPreTokenizer") {
    add(std::make_unique<CutAtCodePoints>(char_flag::kWhiteSpace, Behavior::removed));
    add(std::make_unique<CutAtCodePoints>(char_flag::kPunctuation, Behavior::isolated));
  } else if (type == "Whitespace") {
    add(std::make_unique<WordsAndSigns>());
  } else if (type == "WhitespaceSplit") {
    add(std::make_unique<CutAtCodePoints>(char_flag::kWhiteSpace, Behavior::removed));
  } else if (type == "Delimiter" || type == "CharDelimiterSplit") {
    add(std::make_unique<CutAtCodePoints>(node.at("delimiter").character()));
  } else if (type == "FixedLength") {
    add(std::make_unique<CutAtLength>(node));
  } else if (type == "UnicodeScripts") {
    add(std::make_unique<CutAtScripts>());
  } else {
    node.at("type").fail(cat("no pre-tokenizer is called ", quote(type)));
  }
}

}  // namespace

PreTokenizer::~PreTokenizer() = default;

PreTokenizers read_pre_tokenizers(const JsonNode& node) {
  check_num_steps(node, "pretokenizers");
  PreTokenizers steps;
  append_steps(node, 0, steps);
  return steps;
}

bool take_off_byte_spelling(PreTokenizers& steps) {
  if (steps.empty() || !steps.back()->spells_bytes()) return false;
  steps.pop_back();
  return true;
}

}  // namespace forgelm::text
