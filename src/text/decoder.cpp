// The stages. Most work on a whole token and wait for its end; after Fuse, which makes one token of all, that is the
// end of the text, so what usually follows it (Strip) works on parts.
#include "decoder.hpp"

#include "forgelm/core/text.hpp"
#include "normalizer.hpp"
#include "unicode.hpp"

namespace forgelm::text {
namespace {

/// A stage made of a decoder's settings and the stage behind it.
template <class Stage, class Settings>
class Configured final : public Decoder {
 public:
  explicit Configured(Settings settings) : settings_(std::move(settings)) {}
  std::unique_ptr<DecodeStage> start(DecodeStage& next) const override {
    return std::make_unique<Stage>(settings_, next);
  }

 private:
  Settings settings_;
};
struct NoSettings {};

/// Collects a token and hands it on whole.
class WholeTokens : public DecodeStage {
 public:
  explicit WholeTokens(DecodeStage& next) : next_(next) {}
  void write(std::string_view part) final { token_ += part; }
  void end_token() final {
    handle(token_);
    token_.clear();
  }
  void finish() override { next_.finish(); }

 protected:
  virtual void handle(std::string& token) = 0;
  void emit(std::string_view token) {
    next_.write(token);
    next_.end_token();
  }
  DecodeStage& next() { return next_; }

 private:
  DecodeStage& next_;
  std::string token_;
};

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  if (from.empty() || text.find(from) == std::string::npos) return;
  std::string out;
  std::size_t at = 0;
  for (std::size_t found = text.find(from); found != std::string::npos; found = text.find(from, at)) {
    out.append(text, at, found - at);
    out += to;
    at = found + from.size();
  }
  out.append(text, at);
  text = std::move(out);
}

/// The end of what can be decoded for good: a code point that is cut off at the end has to wait.
std::size_t end_of_whole_code_points(std::string_view bytes) {
  for (std::size_t back = 1; back <= 3 && back <= bytes.size(); ++back) {
    const std::size_t at = bytes.size() - back;
    const auto lead = static_cast<unsigned char>(bytes[at]);
    if (!begins_character(bytes[at])) continue;
    if (lead < 0xC2 || lead > 0xF4) return bytes.size();
    const DecodedCodePoint decoded = decode_utf8(bytes, at);
    return !decoded.is_valid && decoded.num_bytes == back && utf8_length(bytes[at]) > back ? at : bytes.size();
  }
  return bytes.size();
}

class ByteLevelStage final : public WholeTokens {
 public:
  ByteLevelStage(NoSettings, DecodeStage& next) : WholeTokens(next) {}
  void finish() override {
    next().write(to_valid_utf8(bytes_));
    next().end_token();
    next().finish();
  }

 private:
  void handle(std::string& token) override {
    const std::size_t before = bytes_.size();
    for (std::size_t at = 0; at < token.size();) {
      const int byte = byte_of_level_code_point(next_code_point(token.data(), at));
      if (byte < 0) {  // not in the alphabet: the token stands for itself
        bytes_.resize(before);
        bytes_ += token;
        break;
      }
      bytes_ += static_cast<char>(byte);
    }
    const std::size_t end = end_of_whole_code_points(bytes_);
    if (end == 0) return;
    next().write(to_valid_utf8(std::string_view(bytes_).substr(0, end)));
    bytes_.erase(0, end);
  }
  std::string bytes_;
};

/// Runs of "<0x41>" become text when all of their bytes are UTF-8 together, else one U+FFFD each.
class ByteFallbackStage final : public WholeTokens {
 public:
  ByteFallbackStage(NoSettings, DecodeStage& next) : WholeTokens(next) {}
  void finish() override {
    flush();
    next().finish();
  }

 private:
  void handle(std::string& token) override {
    if (token.size() == 6 && token.compare(0, 3, "<0x") == 0 && token[5] == '>') {
      // As in the reference, one sign and one digit is a number as well.
      const int high = token[3] == '+' ? 0 : hex_value(token[3]);
      const int low = hex_value(token[4]);
      if (high >= 0 && low >= 0) {
        bytes_ += static_cast<char>(high * 16 + low);
        return;
      }
    }
    flush();
    emit(token);
  }
  static int hex_value(char c) {
    const char lower = ascii_lower(c);
    return is_ascii_digit(c) ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
  }
  void flush() {
    if (bytes_.empty()) return;
    if (is_valid_utf8(bytes_)) emit(bytes_);
    else
      for (std::size_t i = 0; i < bytes_.size(); ++i) emit("\xEF\xBF\xBD");
    bytes_.clear();
  }
  std::string bytes_;
};

class BpeStage final : public WholeTokens {
 public:
  BpeStage(std::string suffix, DecodeStage& next) : WholeTokens(next), suffix_(std::move(suffix)) {}
  void finish() override {
    if (has_held_) hand_on("");
    next().finish();
  }

 private:
  void handle(std::string& token) override {
    if (has_held_) hand_on(" ");
    held_ = token;
    has_held_ = true;
  }
  void hand_on(std::string_view replacement) {
    if (suffix_.empty()) {  // between all characters, as an empty pattern is
      std::string spaced(replacement);
      for (std::size_t at = 0; at < held_.size();) {
        const std::size_t length = utf8_length(held_[at]);
        spaced.append(held_, at, length);
        spaced += replacement;
        at += length;
      }
      held_ = std::move(spaced);
    }
    replace_all(held_, suffix_, replacement);
    emit(held_);
  }
  std::string suffix_;
  std::string held_;
  bool has_held_ = false;
};

/// English as it was before it was cut into words.
void clean_up(std::string& text) {
  replace_all(text, " .", ".");
  replace_all(text, " ?", "?");
  replace_all(text, " !", "!");
  replace_all(text, " ,", ",");
  replace_all(text, " ' ", "'");
  replace_all(text, " n't", "n't");
  replace_all(text, " 'm", "'m");
  replace_all(text, " do not", " don't");
  replace_all(text, " 's", "'s");
  replace_all(text, " 've", "'ve");
  replace_all(text, " 're", "'re");
}

struct WordPieceSettings {
  std::string prefix;
  bool cleans_up;
};
class WordPieceStage final : public WholeTokens {
 public:
  WordPieceStage(WordPieceSettings settings, DecodeStage& next) : WholeTokens(next), settings_(std::move(settings)) {}

 private:
  void handle(std::string& token) override {
    if (!is_first_) {
      if (token.compare(0, settings_.prefix.size(), settings_.prefix) == 0) token.erase(0, settings_.prefix.size());
      else token.insert(0, " ");
    }
    is_first_ = false;
    if (settings_.cleans_up) clean_up(token);
    emit(token);
  }
  WordPieceSettings settings_;
  bool is_first_ = true;
};

struct MetaspaceSettings {
  std::string replacement;
  bool drops_first;
};
class MetaspaceStage final : public WholeTokens {
 public:
  MetaspaceStage(MetaspaceSettings settings, DecodeStage& next) : WholeTokens(next), settings_(std::move(settings)) {}

 private:
  void handle(std::string& token) override {
    replace_all(token, settings_.replacement, is_first_ && settings_.drops_first ? "" : " ");
    is_first_ = false;
    emit(token);
  }
  MetaspaceSettings settings_;
  bool is_first_ = true;
};

struct CtcSettings {
  std::string pad_token;
  std::string word_delimiter;
  bool cleans_up;
};
class CtcStage final : public WholeTokens {
 public:
  CtcStage(CtcSettings settings, DecodeStage& next) : WholeTokens(next), settings_(std::move(settings)) {}

 private:
  void handle(std::string& token) override {
    if (has_before_ && before_ == token) return;
    before_ = token;
    has_before_ = true;
    replace_all(token, settings_.pad_token, "");
    if (settings_.cleans_up) {
      clean_up(token);
      replace_all(token, settings_.word_delimiter, " ");
    }
    if (!token.empty()) emit(token);
  }
  CtcSettings settings_;
  std::string before_;
  bool has_before_ = false;
};

class FuseStage final : public DecodeStage {
 public:
  FuseStage(NoSettings, DecodeStage& next) : next_(next) {}
  void write(std::string_view part) override { next_.write(part); }
  void end_token() override {}
  void finish() override {
    next_.end_token();
    next_.finish();
  }

 private:
  DecodeStage& next_;
};

struct StripSettings {
  std::string content;  // one code point
  std::int64_t start;
  std::int64_t stop;
};
class StripStage final : public DecodeStage {
 public:
  StripStage(StripSettings settings, DecodeStage& next) : settings_(std::move(settings)), next_(next) {}

  void write(std::string_view part) override {
    std::string out;
    for (std::size_t at = 0; at < part.size();) {
      const std::string_view c = part.substr(at, utf8_length(part[at]));
      at += c.size();
      const bool is_content = c == settings_.content;
      if (is_at_start_ && is_content && num_cut_ < settings_.start) {
        ++num_cut_;
        continue;
      }
      is_at_start_ = false;
      if (is_content) {
        if (++num_held_ > settings_.stop) {
          out += settings_.content;
          --num_held_;
        }
        continue;
      }
      release(out);
      out += c;
    }
    next_.write(out);
  }
  void end_token() override {
    num_held_ = num_cut_ = 0;
    is_at_start_ = true;
    next_.end_token();
  }
  void finish() override { next_.finish(); }

 private:
  void release(std::string& out) {
    for (; num_held_ > 0; --num_held_) out += settings_.content;
  }
  StripSettings settings_;
  DecodeStage& next_;
  std::int64_t num_cut_ = 0;
  std::int64_t num_held_ = 0;  // of the content at the end, which may have to go
  bool is_at_start_ = true;
};

class ReplaceStage final : public WholeTokens {
 public:
  ReplaceStage(const Replacement* replacement, DecodeStage& next) : WholeTokens(next), replacement_(replacement) {}

 private:
  void handle(std::string& token) override { emit(replacement_->apply(std::move(token))); }
  const Replacement* replacement_;
};
class ReplaceDecoder final : public Decoder {
 public:
  explicit ReplaceDecoder(const JsonNode& node) : replacement_(node) {}
  std::unique_ptr<DecodeStage> start(DecodeStage& next) const override {
    return std::make_unique<ReplaceStage>(&replacement_, next);
  }

 private:
  Replacement replacement_;
};

/// What the reference does without a decoder.
class JoinStage final : public DecodeStage {
 public:
  JoinStage(NoSettings, DecodeStage& next) : next_(next) {}
  void write(std::string_view part) override {
    if (is_between_) next_.write(" ");
    is_between_ = false;
    next_.write(part);
  }
  void end_token() override {
    if (is_between_) next_.write(" ");
    is_between_ = true;
  }
  void finish() override { next_.finish(); }

 private:
  DecodeStage& next_;
  bool is_between_ = false;
};

class Collector final : public DecodeStage {
 public:
  explicit Collector(std::string& out) : out_(out) {}
  void write(std::string_view part) override { out_ += part; }
  void end_token() override {}
  void finish() override {}

 private:
  std::string& out_;
};

template <class Stage, class Settings>
void add(Decoders& out, Settings settings) {
  out.push_back(std::make_unique<Configured<Stage, Settings>>(std::move(settings)));
}

void append_decoders(const JsonNode& node, int depth, Decoders& out) {
  const std::string& type = node.at("type").text();
  if (type == "Sequence") {
    if (depth >= kMaxSequenceDepth) node.fail(cat("sequences are nested deeper than ", kMaxSequenceDepth));
    for (const JsonNode& item : node.at("decoders").items()) append_decoders(item, depth + 1, out);
  } else if (type == "ByteLevel") {
    add<ByteLevelStage>(out, NoSettings{});
  } else if (type == "ByteFallback") {
    add<ByteFallbackStage>(out, NoSettings{});
  } else if (type == "Fuse") {
    add<FuseStage>(out, NoSettings{});
  } else if (type == "Replace") {
    out.push_back(std::make_unique<ReplaceDecoder>(node));
  } else if (type == "Strip") {
    StripSettings settings{"", node.at("start").integer(0, INT32_MAX), node.at("stop").integer(0, INT32_MAX)};
    append_utf8(settings.content, node.at("content").character());
    add<StripStage>(out, std::move(settings));
  } else if (type == "Metaspace") {
    MetaspaceSettings settings{"", true};
    append_utf8(settings.replacement, node.at("replacement").character());
    if (const auto scheme = node.find("prepend_scheme")) settings.drops_first = scheme->text() != "never";
    settings.drops_first = node.boolean_or("add_prefix_space", settings.drops_first) && settings.drops_first;
    add<MetaspaceStage>(out, std::move(settings));
  } else if (type == "WordPiece") {
    add<WordPieceStage>(out, WordPieceSettings{node.at("prefix").text(), node.at("cleanup").boolean()});
  } else if (type == "BPEDecoder") {
    add<BpeStage>(out, std::string(node.at("suffix").text()));
  } else if (type == "CTC") {
    add<CtcStage>(out, CtcSettings{node.at("pad_token").text(), node.at("word_delimiter_token").text(),
                                   node.at("cleanup").boolean()});
  } else {
    node.at("type").fail(cat("no decoder is called ", quote(type)));
  }
}

}  // namespace

DecodeStage::~DecodeStage() = default;
Decoder::~Decoder() = default;

Decoders read_decoders(const JsonNode* node) {
  Decoders out;
  if (node == nullptr) {
    add<JoinStage>(out, NoSettings{});
    return out;
  }
  check_num_steps(*node, "decoders");
  append_decoders(*node, 0, out);
  return out;
}

DecodeRun::DecodeRun(const Decoders& decoders) {
  stages_.push_back(std::make_unique<Collector>(out));
  for (auto decoder = decoders.rbegin(); decoder != decoders.rend(); ++decoder)
    stages_.push_back((*decoder)->start(*stages_.back()));
}

DecodeRun::~DecodeRun() = default;

void DecodeRun::push(std::string_view token) {
  stages_.back()->write(token);
  stages_.back()->end_token();
}

void DecodeRun::finish() { stages_.back()->finish(); }

}  // namespace forgelm::text
